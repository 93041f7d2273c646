"""When a row of the right width is rejected, and in which words: the rules, one row at a time."""

from __future__ import annotations

import re

from csvfiles.dates import parse_date
from csvfiles.mapping import Mapping
from csvfiles.numbers import NotAMetric, parse_metric

_ADD_UP = "(rows of one day add up), or export one row a day"
TIME_OF_DAY = f"the date has a time of day: cut it off {_ADD_UP}"
OTHER_TIME = f"the date has a time of day other than T00:00:00Z: write that instead {_ADD_UP}"
UNIX_TIME = f"the date is a Unix timestamp: write the date instead {_ADD_UP}"
_DAY = r"[0-9]{4}(?P<sep>[-/.])[0-9]{1,2}(?P=sep)[0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}|[0-9]{8}"
_TIME = r"[0-9]{1,2}(?::?[0-9]{2}){0,2}(?:[.,][0-9]+)?"
_ZONE = r"(?:[AaPp]\.?[Mm]\.?)? ?(?:[Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?(?:\[[A-Za-z/_]+\])?"
_MOMENT = re.compile(rf"(?:{_DAY})(?:[Tt_:-]| +|, ?){_TIME} ?{_ZONE}")
_COMPACT_MOMENT = re.compile(r"20[0-9]{8}(?:[0-9]{2}){0,2}")  # to the hour, the minute, the second
_SINCE_1970 = re.compile(r"1[0-9]{9}(?:[0-9]{3}){0,3}(?:\.[0-9]+)?")  # from 2001 to 2033: s, ms, µs, ns
_MAX_MOMENT_LENGTH = 100  # characters


def reason_to_reject(row: dict[str, str], mapping: Mapping) -> str | None:
    """Why the row (column -> cell) cannot be used, the date's reason first; None where it can be."""
    return (
        reason_against_date(row[mapping.date_column], mapping.date_format)
        or reason_against_metric(row[mapping.metric_column])
        or reason_against_dimensions([row[column] for column in mapping.dimensions])
    )


def reason_against_date(cell: str, date_format: str) -> str | None:
    if not cell:
        return "the date is empty"
    if parse_date(cell, date_format) is not None:
        return None
    return _reason_against_moment(cell, date_format) or f"the date is not in the format {date_format}"


def has_time_of_day(cell: str) -> bool:
    """Whether it is a moment, as hourly exports have it, and not only a date."""
    return _reason_against_moment(cell, "") is not None


def _reason_against_moment(cell: str, date_format: str) -> str | None:
    if len(cell) > _MAX_MOMENT_LENGTH:
        return None
    if _SINCE_1970.fullmatch(cell):
        return UNIX_TIME
    if _MOMENT.fullmatch(cell) or _COMPACT_MOMENT.fullmatch(cell):
        return OTHER_TIME if date_format.endswith("'Z'") else TIME_OF_DAY
    return None


def reason_against_metric(cell: str) -> str | None:
    try:
        parse_metric(cell)
    except NotAMetric as error:
        return error.reason
    return None


def reason_against_dimensions(cells: list[str]) -> str | None:
    """Any string is a dimension value, but for NUL, which PostgreSQL's text cannot hold."""
    return "a dimension holds a NUL character" if any("\x00" in cell for cell in cells) else None
