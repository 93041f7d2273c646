"""The rules, applied to a whole block at once.

`dates.parse_date` and `numbers.parse_metric` are asked once for each different cell; only a metric that is
its own plain text is recognised without asking, by the same pattern.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import cast

import polars as pl

from core.decimals import plain
from csvfiles.dates import parse_date
from csvfiles.day_first import is_day_first, refuse_day_first
from csvfiles.decimal_commas import DecimalCommas
from csvfiles.header import Header
from csvfiles.header_rows import REPEATED, HeaderRows
from csvfiles.limits import Limits
from csvfiles.mapping import Mapping
from csvfiles.numbers import PLAIN, NotAMetric, parse_metric
from csvfiles.rules import reason_to_reject
from csvfiles.split import ROW, Rows, cell_name

DAY, VALUE = "day", "value"
_IS_PLAIN = f"^(?:{PLAIN})$"


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that cannot be used. `cells` are its mapped cells as they were; empty where it is misshapen."""

    row_number: int
    reason: str
    cells: dict[str, str]


@dataclass(slots=True)
class Judged:
    """Rows by the rules: `accepted` has the split frame's columns, `day` (Date) and `value` (plain text)."""

    accepted: pl.DataFrame
    reasons: Counter[str] = field(default_factory=Counter)
    rejects: list[RejectedRow] = field(default_factory=list)
    rejected_by_day: dict[date, int] = field(default_factory=dict)  # those whose date can be read


class Judge:
    """Applies a mapping to the rows of a file."""

    def __init__(self, header: Header, mapping: Mapping, limits: Limits) -> None:
        self._mapping, self._limits = mapping, limits
        self._cells = {column: cell_name(header.position(column)) for column in mapping.columns}
        self._date_cells, self._metric_cells = (
            self._cells[column] for column in (mapping.date_column, mapping.metric_column)
        )
        self._header_rows = HeaderRows(header, (mapping.date_column, mapping.metric_column))
        self._commas = DecimalCommas(delimiter=header.delimiter, column=mapping.metric_column)
        self._days: dict[str, date | None] = {}
        self._kept = 0

    def judge(self, rows: Rows) -> Judged:
        """Every row of `rows` is accepted or rejected with one reason: the date's before the metric's.

        Raises FileError where it is the header of other rows, or a date shows that the day comes first.
        """
        metric = rows.frame[self._metric_cells]
        clear = self._commas.are_clear(metric)
        days = self._parse_days(rows.frame).alias(DAY)
        values = metric.alias(VALUE) if clear else self._parse_values(metric)
        frame = rows.frame.with_columns(days, values)
        all_good = not (days.null_count() or values.null_count() or rows.may_hold_nul)
        bad = None if all_good else self._find_bad(frame, may_hold_nul=rows.may_hold_nul)
        judged = Judged(frame if bad is None else frame.filter(~bad))
        self._commas.look_at_accepted(judged.accepted[self._metric_cells], judged.accepted[ROW], clear=clear)
        for number, reason in rows.misshapen:
            self._reject(judged, number, reason, {})
        if bad is not None:
            self._reject_cells(judged, frame.filter(bad))
        return judged

    def check(self) -> None:
        """To be called after the last row. Raises FileError for what only all rows together show."""
        self._commas.check()

    def _find_bad(self, frame: pl.DataFrame, *, may_hold_nul: bool) -> pl.Series:
        bad = frame[DAY].is_null() | frame[VALUE].is_null()
        return bad | self._find_nul(frame) if may_hold_nul else bad

    def _parse_days(self, frame: pl.DataFrame) -> pl.Series:
        cells = frame[self._date_cells]
        if len(self._days) > 100_000:
            self._days.clear()
        all_equal = len(cells) and (cells == cells[0]).all()  # as in an export of one day
        different = cells.head(1) if all_equal else cells.unique()
        for cell in different:
            if cell not in self._days:
                self._days[cell] = parse_date(cell, self._mapping.date_format)
        known = [self._days[cell] for cell in different]
        if None in known:
            self._check_order(frame.select(ROW, cells.alias(DAY)), different)
        days = pl.Series(DAY, known, dtype=pl.Date)
        if len(days) <= 1:
            return days.new_from_index(0, len(cells)) if len(days) else days
        return cells.replace_strict(different, days, return_dtype=pl.Date)

    def _check_order(self, cells: pl.DataFrame, different: pl.Series) -> None:
        """Raises FileError at the first row whose date has the day first."""
        date_format = self._mapping.date_format
        no_dates = [cell for cell in different if self._days[cell] is None]
        swapped = [cell for cell in no_dates if is_day_first(cell, date_format)]
        if swapped:
            number, cell = cells.filter(pl.col(DAY).is_in(swapped)).sort(ROW).row(0)
            raise refuse_day_first(cell, date_format, row_number=number)

    def _parse_values(self, cells: pl.Series) -> pl.Series:
        """The metric as plain text for every row, null where it is none."""
        plain = cells.str.contains(_IS_PLAIN)
        if plain.all():
            return cells.alias(VALUE)
        unusual = cells.filter(~plain).unique()
        texts = pl.Series([_to_plain(cell) for cell in unusual], dtype=pl.String)
        parsed = cells.replace_strict(unusual, texts, default=None, return_dtype=pl.String)
        return parsed.zip_with(~plain, cells).alias(VALUE)

    def _find_nul(self, frame: pl.DataFrame) -> pl.Series:
        """Rows that PostgreSQL cannot keep: its text has no NUL."""
        found = pl.Series([False]).new_from_index(0, frame.height)
        for column in self._mapping.dimensions:
            found = found | frame[self._cells[column]].str.contains("\x00", literal=True)
        return found

    def _reject_cells(self, judged: Judged, frame: pl.DataFrame) -> None:
        judged.rejected_by_day.update(frame[DAY].drop_nulls().value_counts().iter_rows())
        self._commas.look_at_rejected(frame[self._metric_cells], frame[ROW])
        headers = self._find_headers(frame)
        columns = self._mapping.columns
        for number, *cells in frame.select(ROW, *(self._cells[column] for column in columns)).iter_rows():
            row = dict(zip(columns, cells, strict=True))
            reason = REPEATED if number in headers else reason_to_reject(row, self._mapping)
            self._reject(judged, number, cast("str", reason), row)  # the rules agree that there is one

    def _find_headers(self, frame: pl.DataFrame) -> set[int]:
        """The rejected rows that repeat the header: neither a date nor a metric, both as short as names."""
        cells = pl.col(self._date_cells, self._metric_cells)
        likely = frame.filter(
            pl.col(DAY).is_null() & pl.col(VALUE).is_null(),
            pl.all_horizontal(cells.str.len_chars() <= self._header_rows.longest),
        )
        rows = likely.drop(DAY, VALUE).select(ROW, pl.exclude(ROW)).iter_rows()
        return {number for number, *cells in rows if self._header_rows.is_header(cells, row=number)}

    def _reject(self, judged: Judged, number: int, reason: str, cells: dict[str, str]) -> None:
        judged.reasons[reason] += 1
        if self._kept < self._limits.rejects_kept:
            self._kept += 1
            judged.rejects.append(
                RejectedRow(number, reason, {column: self._shorten(cell) for column, cell in cells.items()})
            )

    def _shorten(self, cell: str) -> str:
        longest = self._limits.reject_cell
        text = cell if len(cell) <= longest else f"{cell[:longest]}… ({len(cell)} characters)"
        return text.replace("\x00", "\ufffd")  # no database keeps a NUL in JSON


def _to_plain(cell: str) -> str | None:
    try:
        return plain(parse_metric(cell))
    except NotAMetric:
        return None
