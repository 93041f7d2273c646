"""What the slow model makes of a file's first row."""

from __future__ import annotations

import re

from tests.csvfiles.model_cells import FORMATS, describe_date, to_date, to_value
from tests.csvfiles.model_text import NOT_TEXT, FileFails, is_plain_text, split_loosely, take_row


def read_header(line: str, below: list[str], wanted: tuple[str, ...]) -> tuple[list[str], str]:
    if not is_plain_text(line.encode()):
        raise FileFails(*NOT_TEXT)
    outside = "".join(line.split('"')[::2])
    if "\r" in outside.rstrip("\r"):
        raise FileFails("line_ends")
    readings = {
        delimiter: columns
        for delimiter in [mark for mark in ",;\t|" if mark in outside] or [","]
        if (columns := split_header(line, delimiter)) is not None
    }

    def judge(delimiter: str):
        """Wanted names found; rows as wide as the header; how often it stands there."""
        columns = readings[delimiter]
        fitting = sum(len(cells) == len(columns) for cells in split_loosely(below, delimiter))
        return len(set(wanted) & set(columns)), fitting, outside.count(delimiter)

    delimiter = max(readings, key=judge, default=None)
    columns = readings.get(delimiter, [])
    if not set(wanted) <= set(columns):
        explain_header(line, columns, below, wanted)
    if delimiter is None:
        raise FileFails("header_quotes")
    check_header(columns)
    return columns, delimiter


def explain_header(line: str, columns: list[str], below: list[str], wanted: tuple[str, ...]) -> None:
    """What the row is instead of the header that is wanted."""
    if re.fullmatch(r'"?sep=(.|\\t)?"?[,;|\t]*', line, re.IGNORECASE):
        raise FileFails("sep_line")
    for one in below:
        for delimiter in ",;\t|":
            cells = [cell.removeprefix("\ufeff") for row in split_loosely([one], delimiter) for cell in row]
            if set(wanted) <= set(cells):
                raise FileFails("late_header")
    if not set(wanted) & set(columns) and any(map(looks_like_data, columns)):
        raise FileFails("no_header")


def looks_like_data(cell: str) -> bool:
    if not isinstance(to_value(cell), str) or not describe_date(cell, "").startswith("the date is not in"):
        return True
    return any(not isinstance(to_date(cell, date_format), str) for date_format in FORMATS)


def split_header(line: str, delimiter: str) -> list[str] | None:
    try:
        columns, after = take_row(line, 0, delimiter)
    except FileFails:
        return None
    return None if columns is None or after < len(line) else columns


def check_header(columns: list[str]) -> None:
    if all(name == "" for name in columns):
        raise FileFails("no_header")
    if "" in columns:
        raise FileFails("empty_name")
    if any(character.isspace() for name in columns for character in name):
        raise FileFails("space_in_name")
    if len(set(columns)) < len(columns):
        raise FileFails("duplicate_name")
