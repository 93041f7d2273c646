"""What the sync would make of sampled cells, by the same rules: for the wizard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from csvfiles.dates import DATE_FORMATS, parse_date
from csvfiles.decimal_commas import DecimalCommas
from csvfiles.errors import FileError
from csvfiles.mapping import Mapping
from csvfiles.rules import reason_against_metric, reason_to_reject


@dataclass(frozen=True, slots=True)
class FormatTrial:
    date_format: str
    parsed: int
    total: int
    first_failure: str | None  # the first cell that is no date in this format

    @property
    def parses_all(self) -> bool:
        return self.total > 0 and self.parsed == self.total


@dataclass(frozen=True, slots=True)
class MetricTrial:
    accepted: int
    total: int
    first_failure: tuple[str, str] | None  # (cell, reason)

    @property
    def accepts_all(self) -> bool:
        return self.accepted == self.total


@dataclass(frozen=True, slots=True)
class MappingTrial:
    accepted: int
    total: int
    reasons: dict[str, int]  # rows that would be rejected, by reason


def try_date_formats(cells: Iterable[str]) -> list[FormatTrial]:
    """Each format against the cells, in the reference's order."""
    cells = list(cells)
    trials = []
    for date_format in DATE_FORMATS:
        failures = [cell for cell in cells if parse_date(cell, date_format) is None]
        trials.append(
            FormatTrial(
                date_format, len(cells) - len(failures), len(cells), failures[0] if failures else None
            )
        )
    return trials


def try_metric(cells: Iterable[str]) -> MetricTrial:
    """The cells as values of a metric."""
    cells = list(cells)
    failures = [(cell, reason) for cell in cells if (reason := reason_against_metric(cell))]
    return MetricTrial(len(cells) - len(failures), len(cells), failures[0] if failures else None)


def try_decimal_commas(
    cells: Iterable[tuple[int | None, str]], *, delimiter: str, column: str
) -> FileError | None:
    """Why a file with these cells (row number, metric) may be written with decimal commas; None where not."""
    rows = list(cells)
    commas = DecimalCommas(delimiter=delimiter, column=column)
    for is_accepted, look in ((True, commas.look_at_accepted), (False, commas.look_at_rejected)):
        some = [(row, cell) for row, cell in rows if (reason_against_metric(cell) is None) == is_accepted]
        frame = pl.DataFrame(some, schema={"row": pl.Int64, "cell": pl.String}, orient="row")
        look(frame["cell"], frame["row"])
    try:
        commas.check()
    except FileError as error:
        return error
    return None


def try_mapping(rows: Iterable[dict[str, str]], mapping: Mapping) -> MappingTrial:
    """Whole rows (column -> cell) by a mapping; a row is rejected for one reason, the date's first."""
    reasons: Counter[str] = Counter()
    total = 0
    for row in rows:
        total += 1
        reason = reason_to_reject(row, mapping)
        if reason:
            reasons[reason] += 1
    return MappingTrial(total - reasons.total(), total, dict(reasons))


def count_distinct(cells: Iterable[str]) -> int:
    return len(set(cells))


def guess_type(cells: Iterable[str]) -> str:
    """What a column seems to hold, for display: "date", "number" or "text"."""
    cells = [cell for cell in cells if cell]
    if not cells:
        return "text"
    if any(trial.parses_all for trial in try_date_formats(cells)):
        return "date"
    if all(reason_against_metric(cell) is None for cell in cells):
        return "number"
    return "text"
