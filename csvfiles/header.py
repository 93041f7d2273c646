"""The header row and its rules."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass

from csvfiles.errors import FileError
from csvfiles.mapping import Mapping

DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Header:
    """The column names of a file in their order, and the character between its cells."""

    columns: tuple[str, ...]
    delimiter: str

    def position(self, column: str) -> int:
        return self.columns.index(column)


def parse_header(line: str) -> Header:
    """Split the first row by the delimiter that it holds most of. Raises FileError by the header's rules."""
    delimiter = _find_delimiter(line)
    try:
        columns = tuple(next(csv.reader([line], delimiter=delimiter, strict=True), ()))
    except csv.Error:
        raise FileError(
            "header_quotes",
            "The header row has a quote that is not closed or stands in the middle of a name.",
            "Quote whole names or none.",
        ) from None
    check_columns(columns)
    return Header(columns, delimiter)


def check_columns(columns: tuple[str, ...]) -> None:
    """Raises FileError: no empty name, no space in a name, no name twice."""
    if not any(columns):
        raise FileError("no_header", "The first row is empty.", "Begin the file with a row of column names.")
    if "" in columns:
        positions = [str(number) for number, name in enumerate(columns, 1) if not name]
        raise FileError(
            "empty_name",
            f"The header has no name for column {_list(positions)}.",
            "Give every column a name.",
        )
    spaced = [name for name in columns if any(character.isspace() for character in name)]
    if spaced:
        raise FileError(
            "space_in_name",
            f"Column names must not contain spaces: {_quote(spaced)}.",
            "Rename them in the export, for example with an underscore.",
        )
    repeated = [name for name, count in Counter(columns).items() if count > 1]
    if repeated:
        raise FileError(
            "duplicate_name",
            f"The header names a column more than once: {_quote(repeated)}.",
            "Give every column a name of its own.",
        )


def check_mapping(header: Header, mapping: Mapping) -> list[str]:
    """The columns that the mapping does not use. Raises FileError where one that it uses is missing."""
    missing = [column for column in mapping.columns if column not in header.columns]
    if missing:
        raise FileError(
            "missing_column",
            f"The file has no column {_quote(missing)}.",
            "Name the columns as in the telemetry, in any order.",
        )
    return [column for column in header.columns if column not in mapping.columns]


def _find_delimiter(line: str) -> str:
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=outside.count)  # the first of equals: the comma


def _quote(names: list[str]) -> str:
    return _list([f'"{name}"' if len(name) <= 100 else f'"{name[:100]}…"' for name in names])


def _list(names: list[str]) -> str:
    shown = ", ".join(names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"
