"""When a row of the right width is rejected, and in which words: the rules, one row at a time."""

from __future__ import annotations

from csvfiles.dates import parse_date
from csvfiles.mapping import Mapping
from csvfiles.numbers import NotAMetric, parse_metric


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
    if parse_date(cell, date_format) is None:
        return f"the date is not in the format {date_format}"
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
