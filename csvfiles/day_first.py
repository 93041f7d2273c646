"""Dates with the day first. None of the six formats has it, yet up to the 12th they fit one.

Under MM/d/yyyy 01/03/2024 is 3 January, also where 1 March was meant. Only 13/03/2024 tells: no month is the
13th. The same holds for yyyy-dd-MM, which is rare; yet some exporters write it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from core.dates import spell
from csvfiles.errors import FileError


@dataclass(frozen=True, slots=True)
class DayFirst:
    """A format with day and month exchanged. `is_common`: people write dates so, not only a broken export."""

    name: str
    pattern: re.Pattern[str]
    layout: str  # a cell of it
    is_common: bool = False


def _year_first(name: str, mark: str, end: str = "") -> DayFirst:
    pattern = f"(?P<y>[0-9]{{4}}){mark}(?P<d>[0-9]{{1,2}}){mark}(?P<m>[0-9]{{1,2}}){end}"
    return DayFirst(name, re.compile(pattern), f"{{year:04}}{mark}{{day:02}}{mark}{{month:02}}{end}")


# By the format of csvfiles.dates that reads such cells with the month first. Days and months have one digit
# or two: exporters that put the day first differ in it, and the day above 12 that tells has two anyway.
DAY_FIRST: dict[str, DayFirst] = {
    "yyyy-MM-dd": _year_first("yyyy-dd-MM", "-"),
    "yyyy/MM/dd": _year_first("yyyy/dd/MM", "/"),
    "yyyy/M/d": _year_first("yyyy/d/M", "/"),
    "MM/d/yyyy": DayFirst(
        "dd/MM/yyyy",
        re.compile(r"(?P<d>[0-9]{1,2})/(?P<m>[0-9]{1,2})/(?P<y>[0-9]{4})"),
        "{day:02}/{month:02}/{year:04}",
        is_common=True,
    ),
    "yyyy-M-d": _year_first("yyyy-d-M", "-"),
    "yyyy-MM-dd'T'00:00:00'Z'": _year_first("yyyy-dd-MM'T'00:00:00'Z'", "-", "T00:00:00Z"),
}


def parse_day_first(cell: str, date_format: str) -> date | None:
    """The date that `cell` is with day and month of `date_format` exchanged, or None where it is none."""
    match = DAY_FIRST[date_format].pattern.fullmatch(cell)
    if match is None:
        return None
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        return None


def read_day_first(cell: str, date_format: str) -> date:
    """As `parse_day_first`, of a cell that is known to be a date so. Raises ValueError where it is none."""
    day = parse_day_first(cell, date_format)
    if day is None:
        raise ValueError(f"{cell!r} is no date of {DAY_FIRST[date_format].name}")
    return day


def is_day_first(cell: str, date_format: str) -> bool:
    """Whether `cell` shows that the day comes first: it is a date so, and there is no such month."""
    day = parse_day_first(cell, date_format)
    return day is not None and day.day > 12


def write_day_first(day: date, date_format: str) -> str:
    """The cell that `day` is with the day first."""
    return DAY_FIRST[date_format].layout.format(year=day.year, month=day.month, day=day.day)


def make_doubtful(day: date) -> date:
    """A date of the same month that is another date with day and month exchanged."""
    return day.replace(day=2 if day.month == 1 else 1)


def exchange(day: date) -> date:
    """Day and month exchanged; the day is at most the 12th."""
    return day.replace(month=day.day, day=day.month)


def refuse_day_first(cell: str, date_format: str, *, row_number: int) -> FileError:
    """The failure of a file with a cell of `is_day_first`: its other rows may be wrong unseen."""
    day = read_day_first(cell, date_format)
    other = make_doubtful(day)
    return FileError(
        "day_first",
        f"Row {row_number} has the date {cell}, which is {spell(day)} with the day first and no date in the "
        f"format {date_format}. The file would be stored with wrong dates: "
        f"{write_day_first(other, date_format)} as {spell(exchange(other))} instead of {spell(other)}.",
        f"Export the dates as {date_format}, with the month before the day; or correct this row if it alone "
        "is wrong. Check also the dates up to the 12th of files that were read before.",
    )
