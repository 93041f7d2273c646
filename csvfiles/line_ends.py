"""Lines that end with CR alone, which cannot be separated into rows, anywhere in a file."""

from __future__ import annotations

import csv
import re

from csvfiles.errors import FileError

_LINE_END = re.compile(r"\r\n|\r|\n")


def lines_end_with_cr(row: int = 1) -> FileError:
    where = "The lines" if row == 1 else f"The lines from row {row} on"
    return FileError(
        "line_ends",
        f"{where} end with CR alone, as on old Macintosh systems.",
        "Save the file with LF or CRLF.",
    )


def holds_rows_ended_by_cr(record: str, *, delimiter: str, width: int) -> bool:
    """Whether what should be one row is several of this width, with a CR at the end of each."""
    rows = csv.reader(_LINE_END.split(record), delimiter=delimiter)
    try:
        return sum(len(cells) == width for cells in rows) > 1
    except csv.Error:
        return False
