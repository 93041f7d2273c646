"""Why a file's first row is not the expected header, and the remedy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import islice

from csvfiles.dates import DATE_FORMATS, parse_date
from csvfiles.errors import FileError, MissingColumn
from csvfiles.header import DELIMITERS, Header, Look, check_columns, count_fitting, read_lines
from csvfiles.rules import has_time_of_day, reason_against_metric
from csvfiles.spelling import explain_difference, quote_name, quote_names

_SEP_LINE = re.compile(r'"?sep=(?:.|\\t)?"?[,;|\t]*', re.IGNORECASE)  # Excel's; saved again, padded
_DELETE_ABOVE = "Delete the lines above it from the export."
_DIFFERENCES_TOLD = 3
_CELLS_LOOKED_AT = 1_000


def check_first_row(
    line: str, header: Header | None, *, wanted: Collection[str], known: Collection[str], below: Look
) -> None:
    """Raises FileError where the row is no header, or the header stands below it.

    `header` is None where no delimiter splits the row: that is told by whoever could not split it. `wanted`:
    the mapped columns. `known`: names of a file like it; a row that has them all is its header, whatever the
    rows below look like.
    """
    columns = header.columns if header else ()
    expected = {*wanted, *known}
    if not expected or not expected.issubset(columns):
        _check_sep_line(line)
        late = _find_wanted(below(), wanted) if wanted else _find_likely(header, below())
        if late is not None:
            raise late
    if header is None:
        return
    if expected.isdisjoint(columns) and (wanted or not _are_names(columns)) and _look_like_data(columns):
        raise FileError(  # the cells of a row are not to stand in a message
            "no_header",
            "The first row looks like data, not like column names: it holds a date or a number.",
            "Begin the file with a row of column names.",
        )
    check_columns(columns)


def check_wanted(header: Header, wanted: Collection[str]) -> None:
    """Raises FileError where the header lacks one of the columns: which it has, and how near they come."""
    missing = [name for name in wanted if name not in header.columns]
    if not missing:
        return
    differences = (
        f" {quote_name(name)} differs from {quote_name(column)} only by {difference}."
        for column in missing
        for name in header.columns
        if (difference := explain_difference(column, name))
    )
    raise MissingColumn(
        f"The file has no column {quote_names(missing)}. Its columns: {quote_names(header.columns)}."
        + "".join(islice(differences, _DIFFERENCES_TOLD)),
        "Name the columns as in the telemetry, in any order.",
        columns=header.columns,
    )


def _check_sep_line(line: str) -> None:
    if _SEP_LINE.fullmatch(line):
        raise FileError(
            "sep_line",
            f"Line 1 is {quote_name(line)}: a hint for Excel, not the header.",
            "Delete that line from the export.",
        )


def _find_wanted(lines: Sequence[str], wanted: Collection[str]) -> FileError | None:
    """The header with these columns, in a line below the first."""
    for number, line in enumerate(lines, 2):
        if '"' not in line and not all(name in line for name in wanted):
            continue
        for delimiter in DELIMITERS:
            cells = {cell.removeprefix("\ufeff") for row in read_lines([line], delimiter) for cell in row}
            if cells.issuperset(wanted):
                return FileError(
                    "late_header",
                    f"The header with the columns {quote_names(list(wanted))} stands in line {number}, "
                    "not in line 1.",
                    _DELETE_ABOVE,
                )
    return None


def _find_likely(header: Header | None, lines: Sequence[str]) -> FileError | None:
    """What must be the header, below a first row that few rows fit: names, as many as most have cells."""
    fitting = count_fitting(lines, header) if header is not None else 0
    for delimiter in DELIMITERS:
        rows = read_lines(lines, delimiter)
        widths = Counter(len(cells) for cells in rows if any(cells))
        width, times = max(widths.items(), key=lambda item: item[1], default=(0, 0))
        if width < 2 or times < 2 or times <= fitting:
            continue
        number, names = next((n, tuple(cells)) for n, cells in enumerate(rows, 2) if len(cells) == width)
        if _are_names(names) and not _look_like_data(names):
            return FileError(
                "late_header",
                f"The header seems to stand in line {number} ({quote_names(names)}), not in line 1.",
                _DELETE_ABOVE,
            )
    return None


def _are_names(cells: tuple[str, ...]) -> bool:
    try:
        check_columns(cells)
    except FileError:
        return False
    return True


def _look_like_data(cells: Sequence[str]) -> bool:
    """Whether one is a date or a number, as names of columns are not."""
    return any(
        has_time_of_day(cell)
        or any(parse_date(cell, date_format) for date_format in DATE_FORMATS)
        or reason_against_metric(cell) is None
        for cell in cells[:_CELLS_LOOKED_AT]
    )
