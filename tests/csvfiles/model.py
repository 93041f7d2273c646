"""The rules of DESIGN.md, slow and obvious: what csvfiles.read must come to on every input.

Character by character, row by row, with nothing of csvfiles. It reads whole files in memory, knows no blocks,
no batches, no vectors.
"""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass, field
from fractions import Fraction

from tests.csvfiles.model_cells import has_day_first, to_date, to_value

NOT_TEXT = ("binary", "utf16", "utf32", "not_utf8")


class FileFails(Exception):
    """The file as a whole is no good. `codes` are the faults that it has: which is met first is not told."""

    def __init__(self, *codes: str, end: int | None = None) -> None:
        super().__init__(*codes)
        self.codes, self.end = set(codes), end


@dataclass
class Outcome:
    points: dict[tuple, Fraction] = field(default_factory=dict)  # (date, dimension values) -> value
    rejected: dict[int, str] = field(default_factory=dict)  # row number -> reason
    rows: int = 0
    repeated: int = 0
    cells: dict[int, tuple[str, ...]] = field(default_factory=dict)  # row number -> those of the right width


@dataclass(frozen=True)
class Asked:
    """What a file is read by: columns by name, and the limits in bytes and columns."""

    date_column: str
    date_format: str
    dimensions: tuple[str, ...]
    metric: str
    row_bytes: int
    columns: int


def read_file(data: bytes, asked: Asked) -> Outcome:
    """The whole way from bytes. Raises FileFails."""
    if data.startswith(b"\x1f\x8b"):
        data = unpack(data)
    if not data:
        raise FileFails("empty")
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return read_text(data, asked)
    except FileFails as fault:
        raise FileFails(*fault.codes, *(() if is_plain_text(data) else NOT_TEXT)) from None


def read_text(data: bytes, asked: Asked) -> Outcome:
    line, end, rest = data.partition(b"\n")
    if len(line) + len(end) > asked.row_bytes:
        raise FileFails("row_too_long", "line_ends")
    if not end and b"\r" in line.rstrip(b"\r"):
        raise FileFails("line_ends")
    columns, delimiter = read_header(to_text(line))
    if len(columns) > asked.columns:
        raise FileFails("too_many_columns")
    for name in (asked.date_column, *asked.dimensions, asked.metric):
        if name not in columns:
            raise FileFails("missing_column")
    try:
        text = to_text(rest)
    except FileFails as fault:
        raise FileFails("quote_never_closes", "row_too_long", "day_first", *fault.codes) from None
    return read_rows(text, columns, delimiter, asked)


def unpack(data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise FileFails("gzip_truncated", "gzip_damaged", *ANY) from None


# What is wrong with the text before the place where the gzip data break off may be met first.
ANY = (
    *("empty", "no_header", "header_quotes", "empty_name", "space_in_name", "duplicate_name", "line_ends"),
    *("too_many_columns", "missing_column", "row_too_long", "quote_never_closes", "sum_too_large", *NOT_TEXT),
    "day_first",
)


def is_plain_text(data: bytes) -> bool:
    first, _, _ = data.partition(b"\n")
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in first and not first.startswith((b"PK\3\4", b"PAR1\x15", b"%PDF-"))


def to_text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise FileFails(*NOT_TEXT) from None


def read_header(line: str) -> tuple[list[str], str]:
    if not is_plain_text(line.encode()):
        raise FileFails(*NOT_TEXT)
    outside = "".join(line.split('"')[::2])
    delimiter = ","
    for other in (";", "\t", "|"):
        if outside.count(other) > outside.count(delimiter):
            delimiter = other
    try:
        columns, after = take_row(line, 0, delimiter)
    except FileFails:
        raise FileFails("header_quotes") from None
    if columns is None or after < len(line):
        raise FileFails("header_quotes")
    check_header(columns)
    return columns, delimiter


def check_header(columns: list[str]) -> None:
    if all(name == "" for name in columns):
        raise FileFails("no_header")
    if "" in columns:
        raise FileFails("empty_name")
    if any(character.isspace() for name in columns for character in name):
        raise FileFails("space_in_name")
    if len(set(columns)) < len(columns):
        raise FileFails("duplicate_name")


def read_rows(text: str, columns: list[str], delimiter: str, asked: Asked) -> Outcome:
    """`text` is what follows the header row."""
    outcome, seen = Outcome(), set()
    for number, cells in enumerate(take_rows(text, columns, delimiter, asked), 2):
        if cells == []:
            continue  # an empty line
        outcome.rows += 1
        if isinstance(cells, str):
            outcome.rejected[number] = cells
            continue
        if len(cells) != len(columns):
            count = f"{len(cells)} cells" if len(cells) <= asked.columns else f"over {asked.columns} cells"
            outcome.rejected[number] = f"the row has {count} where the header has {len(columns)}"
            continue
        outcome.cells[number] = tuple(cells)
        row = dict(zip(columns, cells, strict=True))
        dimensions = tuple(row[name] for name in asked.dimensions)
        day = to_date(row[asked.date_column], asked.date_format)
        value = to_value(row[asked.metric])
        if isinstance(day, str) or isinstance(value, str):
            outcome.rejected[number] = day if isinstance(day, str) else value
            continue
        if any("\0" in cell for cell in dimensions):
            outcome.rejected[number] = "a dimension holds a NUL character"
            continue
        key = (day, dimensions)
        outcome.points[key] = outcome.points.get(key, 0) + value
        rest = (day, *(row[name] for name in columns if name not in (asked.date_column, asked.metric)))
        outcome.repeated += rest in seen
        seen.add(rest)
    return outcome


def take_rows(text: str, columns: list[str], delimiter: str, asked: Asked) -> list:
    """All of them. One row that has the day first spoils the file, whatever else the row is."""
    rows, position = [], columns.index(asked.date_column)
    try:
        rows.extend(split(text, delimiter, asked.row_bytes))  # keeps those before a fault
    except FileFails as fault:
        raise FileFails(*fault.codes, *swapped(rows, columns, position, asked.date_format)) from None
    if codes := swapped(rows, columns, position, asked.date_format):
        raise FileFails(*codes)
    return rows


def swapped(rows: list, columns: list[str], position: int, date_format: str) -> list[str]:
    whole = [cells for cells in rows if isinstance(cells, list) and len(cells) == len(columns)]
    return ["day_first"] if any(has_day_first(cells[position], date_format) for cells in whole) else []


def split(text: str, delimiter: str, row_bytes: int):
    """The rows: a list of cells, [] for an empty line, the reason where quotes or returns are misplaced."""
    at = 0
    while at < len(text):
        start = at
        try:
            row, at = take_row(text, at, delimiter)
        except FileFails as fault:
            check_length(text[start : fault.end], row_bytes)
            raise
        check_length(text[start:at], row_bytes)
        if row is None:
            row = find_misplaced(text, start, delimiter)
        yield row


def check_length(raw: str, row_bytes: int) -> None:
    data = raw.encode()
    if not data.endswith(b"\n"):
        data += b"\n"
    if len(data) > row_bytes:
        raise FileFails("quote_never_closes" if b"\n" in data[:row_bytes] else "row_too_long")


def take_row(text: str, at: int, delimiter: str):  # noqa: C901 - one character after the other
    cells, cell, start = [], "", at
    inside = quoted = False
    while True:
        char = text[at] if at < len(text) else None
        if inside:
            if char is None:
                raise FileFails("quote_never_closes")
            if char == '"' and text[at + 1 : at + 2] == '"':
                cell, at = cell + '"', at + 2
            elif char == '"':
                inside, at = False, at + 1
            else:
                cell, at = cell + char, at + 1
        elif char == '"' and cell == "" and not quoted:
            inside = quoted = True
            at += 1
        elif char == delimiter:
            cells.append(cell)
            cell, quoted, at = "", False, at + 1
        elif char is None or char == "\n":
            return end_row([*cells, cell], text[start:at]), at + 1
        elif char == "\r":
            after = re.compile(r"\r*").match(text, at).end()
            if text[after : after + 1] in ("\n", ""):
                return end_row([*cells, cell], text[start:at]), after + 1
            return bad_row(text, start, at)
        elif quoted:
            return bad_row(text, start, at)
        else:
            cell, at = cell + char, at + 1


def end_row(cells, raw):
    return [] if raw == "" else cells


def bad_row(text: str, start: int, at: int):
    """The rest of the line is no good; where the row had begun on an earlier line, nothing can be told."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end + 1
    if "\n" in text[start:at]:
        raise FileFails("quote_never_closes", end=end)
    return None, end


def find_misplaced(text: str, start: int, delimiter: str) -> str:
    """What stops the row: the first character that may not be where it is is a return, or another one."""
    end = text.find("\n", start)
    for at in range(start + 1, (len(text) if end < 0 else end) + 1):
        try:
            row, _ = take_row(text[start:at], 0, delimiter)
        except FileFails:
            continue
        if row is None:
            return (
                "the row has a carriage return outside quotes"
                if text[at - 2] == "\r"
                else "the row has text after a closing quote"
            )
    raise AssertionError("nothing is misplaced")
