"""Reading a file from its first byte to its last: points, counts and rejected rows, a batch at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import BinaryIO

import polars as pl

from csvfiles.adding import add_up, count_by_day, pack
from csvfiles.combinations import COMBINATION, Combinations
from csvfiles.errors import FileError
from csvfiles.header import list_extra
from csvfiles.judge import DAY, VALUE, Judge, RejectedRow
from csvfiles.limits import DEFAULT_LIMITS, Limits
from csvfiles.mapping import Mapping
from csvfiles.opening import LOOK_BYTES, list_lines_below, take_header
from csvfiles.repeats import RepeatedRows
from csvfiles.source import Source
from csvfiles.split import Splitter, cell_name
from csvfiles.totals import FileTotals

_REJECTS_AT_A_TIME = 1_000  # each with a thousand characters of a dozen cells, at worst


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of a file's points. A point of one batch and one of another may share date and combination.

    points        frame of `day` (Date), `combination` (its number in the file, from 0) and `value` (plain
                  decimal text); one row for each day and combination, sorted
    combinations  frame of the combinations that are new since the batch before: `combination`, and their
                  dimension values in `d1`, `d2`, … in the mapping's order
    rejects       rejected rows since the batch before, as far as they are kept
    """

    points: pl.DataFrame
    combinations: pl.DataFrame
    rejects: list[RejectedRow]

    @property
    def size(self) -> int:
        """How many points it has."""
        return self.points.height


class PointReader:
    """Reads one file by one mapping: iterate over it for the batches; the counts are complete after the last.

    `like`: the `combinations` of a file read before by the same mapping: this one is read the quicker for it.
    Raises FileError from the constructor (header) or the iteration (anything further down).
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        mapping: Mapping,
        limits: Limits = DEFAULT_LIMITS,
        like: Combinations | None = None,
    ) -> None:
        self._source = Source(stream, limits)
        self._limits = limits
        look = self._source.look(LOOK_BYTES)
        first = self._source.read(limits.block_bytes + limits.row_bytes)
        self._final = len(first) < limits.block_bytes + limits.row_bytes
        self.header, self._start = take_header(
            first,
            limits,
            final=self._final,
            below=lambda: list_lines_below(look, final=True),
            wanted=mapping.columns,
        )
        self.extra_columns = list_extra(self.header, mapping)
        self._splitter = Splitter(self.header, limits)
        self._judge = Judge(self.header, mapping, limits)
        names = {column: cell_name(self.header.position(column)) for column in mapping.columns}
        self.combinations = Combinations([names[column] for column in mapping.dimensions], limits, like)
        other = set(self.header.columns) - {mapping.date_column, mapping.metric_column}
        self._identity = [cell_name(self.header.position(column)) for column in sorted(other)]
        self._combinations_tell = other == set(mapping.dimensions)
        self._repeats = RepeatedRows()
        self.totals = FileTotals(self.combinations.values, limits)
        self.rows_read = 0
        self.reasons: Counter[str] = Counter()  # rejected rows by reason
        self.rows_by_day: Counter[date] = Counter()  # accepted rows
        self.rejected_by_day: Counter[date] = Counter()  # of the first `limits.dates` dates that have any
        self.rows_repeated = 0  # equal to an earlier accepted row in date and all columns but the metric

    @property
    def ignores_rest(self) -> bool:
        """Whether there are bytes after the end of its gzip data."""
        return self._source.ignores_rest

    def sum_by_day(self) -> dict[date, Decimal]:
        """Of the accepted rows."""
        return self.totals.overall

    @property
    def rows_rejected(self) -> int:
        return self.reasons.total()

    def __iter__(self) -> Iterator[Batch]:
        try:
            yield from self._read_batches()
            self.rows_repeated = self._repeats.count()
        finally:
            self._repeats.close()

    def _read_batches(self) -> Iterator[Batch]:
        frames: list[pl.DataFrame] = []
        combinations: list[pl.DataFrame] = []
        rejects: list[RejectedRow] = []
        for frame, new, rejected in self._read_blocks():
            frames.append(frame)
            combinations.append(new)
            rejects += rejected
            points = sum(frame.height for frame in frames)
            if points >= self._limits.batch_points or len(rejects) >= _REJECTS_AT_A_TIME:
                yield self._end_batch(frames, combinations, rejects)
                frames, combinations, rejects = [], [], []
        if frames:
            yield self._end_batch(frames, combinations, rejects)

    def _end_batch(
        self, frames: list[pl.DataFrame], combinations: list[pl.DataFrame], rejects: list[RejectedRow]
    ) -> Batch:
        batch = Batch(add_up(pl.concat(frames)), pl.concat(combinations), rejects)
        self.totals.add(batch.points)
        return batch

    def _read_blocks(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, list[RejectedRow]]]:
        block, final = self._start, self._final
        while True:
            for rows in self._splitter.split(block, final=final):
                judged = self._judge.judge(rows)
                self.rows_read += rows.count
                self.reasons.update(judged.reasons)
                self._count_rejected(judged.rejected_by_day)
                accepted, new = self.combinations.number(judged.accepted)
                self._count(accepted)
                yield accepted.select(DAY, COMBINATION, VALUE), new, judged.rejects
            if final:
                self._judge.check()
                return
            # At least as much again as what is still open, so that a long row is not split over and over.
            size = max(self._limits.block_bytes, self._splitter.open_bytes)
            block = self._source.read(size)
            final = len(block) < size

    def _count_rejected(self, rejected_by_day: dict[date, int]) -> None:
        for day, rows in rejected_by_day.items():
            if day in self.rejected_by_day or len(self.rejected_by_day) < self._limits.dates:
                self.rejected_by_day[day] += rows

    def _count(self, accepted: pl.DataFrame) -> None:
        self.rows_by_day.update(count_by_day(accepted[DAY]))
        if len(self.rows_by_day) > self._limits.dates:
            raise FileError(
                "too_many_dates",
                f"The file has more than {self._limits.dates} different dates.",
                "Check the date column and its format, or raise CSV_MAX_DATES.",
            )
        if self._combinations_tell:
            self._repeats.add(accepted.select(pack(DAY, COMBINATION)).to_series().reinterpret(signed=False))
        else:
            self._repeats.add(accepted.select(DAY, *self._identity).hash_rows())
