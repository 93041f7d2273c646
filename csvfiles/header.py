"""The header row: how it is split, and the rules about its names."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from csvfiles.errors import FileError
from csvfiles.mapping import Mapping
from csvfiles.spelling import list_some, quote_names

DELIMITERS = (",", ";", "\t", "|")
Look = Callable[[], Sequence[str]]  # the first lines below the header, for who needs them


@dataclass(frozen=True, slots=True)
class Header:
    """The column names of a file in their order, and the character between its cells."""

    columns: tuple[str, ...]
    delimiter: str

    def position(self, column: str) -> int:
        return self.columns.index(column)


def parse_header(line: str, *, wanted: Collection[str] = (), below: Look = tuple) -> Header:
    """Split the first row. Raises FileError where no delimiter splits it.

    The delimiter is the one under which most of the wanted names are found; of equals, the one by which most
    rows below have as many cells as the header; of equals, the one that the row holds most of.
    """
    readings = _read_by_each_delimiter(line)
    if not readings:
        raise FileError(
            "header_quotes",
            "The header row has a quote that is not closed or stands in the middle of a name.",
            "Quote whole names or none.",
        )
    if len(readings) == 1:
        return readings[0][0]
    rows = below()

    def judge(reading: tuple[Header, int]) -> tuple[int, int, int]:
        header, times = reading
        return len(set(wanted) & set(header.columns)), count_fitting(rows, header), times

    return max(readings, key=judge)[0]  # the first of equals: the comma


def count_fitting(rows: Sequence[str], header: Header) -> int:
    """How many of these lines have as many cells as the header."""
    return sum(len(cells) == len(header.columns) for cells in read_lines(rows, header.delimiter))


def read_lines(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """The cells of rows; none where they cannot be told."""
    reader, rows = csv.reader(lines, delimiter=delimiter), []
    while True:
        try:
            rows.append(next(reader))
        except StopIteration:
            return rows
        except csv.Error:
            rows.append([])


def check_columns(columns: tuple[str, ...]) -> None:
    """Raises FileError: no empty name, no space in a name, no name twice."""
    if not any(columns):
        raise FileError("no_header", "The first row is empty.", "Begin the file with a row of column names.")
    if "" in columns:
        positions = [str(number) for number, name in enumerate(columns, 1) if not name]
        raise FileError(
            "empty_name",
            f"The header has no name for column {list_some(positions, of=len(positions))}.",
            "Give every column a name.",
        )
    spaced = [name for name in columns if any(character.isspace() for character in name)]
    if spaced:
        raise FileError(
            "space_in_name",
            f"Column names must not contain spaces: {quote_names(spaced)}.",
            "Rename them in the export, for example with an underscore.",
        )
    repeated = [name for name, count in Counter(columns).items() if count > 1]
    if repeated:
        raise FileError(
            "duplicate_name",
            f"The header names a column more than once: {quote_names(repeated)}.",
            "Give every column a name of its own.",
        )


def list_extra(header: Header, mapping: Mapping) -> list[str]:
    """The columns that the mapping does not use."""
    return [column for column in header.columns if column not in mapping.columns]


def _read_by_each_delimiter(line: str) -> list[tuple[Header, int]]:
    """(header, how often its delimiter stands in the line outside quotes) for those that split it."""
    outside = "".join(line.split('"')[::2])
    present = [delimiter for delimiter in DELIMITERS if delimiter in outside]
    readings = []
    for delimiter in present or DELIMITERS[:1]:
        try:
            columns = next(csv.reader([line], delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
        readings.append((Header(tuple(columns), delimiter), outside.count(delimiter)))
    return readings
