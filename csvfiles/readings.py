"""What a sampled column comes to as dates, by the formats and with the day first, beside its files' own time.

A file is written after the dates that it reports: a reading that gives later ones is less likely, and never
suggested. Where month and day can be exchanged in every cell, nothing is suggested either: somebody who knows
is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from csvfiles.dates import parse_date
from csvfiles.day_first import (
    DAY_FIRST,
    exchange,
    make_doubtful,
    parse_day_first,
    read_day_first,
    write_day_first,
)
from csvfiles.trial import FormatTrial, try_date_formats


@dataclass(frozen=True, slots=True)
class DatedCell:
    """A cell, and the last date that its file had reason to hold: the day after its last change, in UTC."""

    text: str
    latest: date

    def holds(self, day: date) -> bool:
        return day <= self.latest


@dataclass(frozen=True, slots=True)
class Reading:
    """Cells of which every one is a date. `late`: rows whose date lies after its file's own time."""

    first: date
    last: date
    dates: int  # different ones
    late: int
    latest_late: tuple[date, str] | None  # the newest of those, and its cell

    @property
    def is_daily(self) -> bool:
        return self.dates > 1 and (self.last - self.first).days + 1 == self.dates


@dataclass(frozen=True, slots=True)
class Question:
    """Is `cell` the date `month_first` or `day_first`? Every sampled cell can be read either way.

    `is_sampled`: the cell is one of them; else each is the same date either way, such as 01/01/2024.
    """

    cell: str
    month_first: date
    day_first: date
    is_sampled: bool
    by_month: Reading
    by_day: Reading


@dataclass(frozen=True, slots=True)
class ColumnDates:
    """`date_format`: the first format that reads every cell. `day_first`: where none does, the name of the
    one with the day first that would.
    """

    trials: list[FormatTrial]
    date_format: str | None = None
    reading: Reading | None = None
    question: Question | None = None
    day_first: str | None = None

    @property
    def others(self) -> list[str]:
        """Formats that read every cell as well as the first that does."""
        fitting = [trial.date_format for trial in self.trials if trial.parses_all]
        return [date_format for date_format in fitting if date_format != self.date_format]

    @property
    def suggestion(self) -> str | None:
        """No other reading fits as well, and no date lies after its file's own time."""
        return None if self.question or self.reading is None or self.reading.late else self.date_format


def read_column(cells: Iterable[DatedCell]) -> ColumnDates:
    """Judge a column by all of its sampled cells."""
    cells = list(cells)
    trials = try_date_formats(cell.text for cell in cells)
    counted = Counter(cells)
    date_format = next((trial.date_format for trial in trials if trial.parses_all), None)
    if date_format is None:
        return ColumnDates(trials, day_first=_find_day_first(counted))
    reading = _read(counted, lambda cell: parse_date(cell, date_format))
    question = _find_question(counted, date_format, reading) if reading else None
    return ColumnDates(trials, date_format, reading, question)


def _read(cells: Counter[DatedCell], parse: Callable[[str], date | None]) -> Reading | None:
    """None where a cell is no date."""
    days = {cell: day for cell in cells if (day := parse(cell.text)) is not None}
    if not days or len(days) < len(cells):
        return None
    late = [(day, cell) for cell, day in days.items() if not cell.holds(day)]
    newest = max(((day, cell.text) for day, cell in late), default=None)
    dates = set(days.values())
    return Reading(min(dates), max(dates), len(dates), sum(cells[cell] for _, cell in late), newest)


def _find_question(cells: Counter[DatedCell], date_format: str, by_month: Reading) -> Question | None:
    """None where the order of month and day is in no doubt.

    Years come first and the month second nearly everywhere: there it takes dates after the files' own time to
    doubt it.
    """
    by_day = _read(cells, lambda cell: parse_day_first(cell, date_format))
    if by_day is None or not (DAY_FIRST[date_format].is_common or (by_month.late and not by_day.late)):
        return None
    days = {cell.text: read_day_first(cell.text, date_format) for cell in cells}
    telling = [text for text, day in days.items() if day.day != day.month]
    if by_month.latest_late and by_month.latest_late[1] in telling:
        cell = by_month.latest_late[1]
    elif telling:
        cell = telling[0]
    else:
        cell = write_day_first(make_doubtful(by_day.last), date_format)
    day = read_day_first(cell, date_format)
    return Question(cell, exchange(day), day, bool(telling), by_month, by_day)


def _find_day_first(cells: Counter[DatedCell]) -> str | None:
    for date_format, twin in DAY_FIRST.items():
        days = [parse_day_first(cell.text, date_format) for cell in cells]
        if None not in days and any(day.day > 12 for day in days if day):
            return twin.name
    return None
