"""The rules of DESIGN.md, slow and obvious: what csvfiles.read must come to on every input.

Character by character, row by row, with nothing of csvfiles. It reads whole files in memory, knows no blocks,
no batches, no vectors.
"""

from __future__ import annotations

import csv
import re
import unicodedata
import zlib
from dataclasses import dataclass, field
from fractions import Fraction

from tests.csvfiles.model_cells import FORMATS, describe_date, to_date, to_value, with_decimal_commas

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
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip(b"\r\n"):
        raise FileFails("empty")
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
    wanted = (asked.date_column, *asked.dimensions, asked.metric)
    below = [one.removesuffix("\r") for one in rest.decode(errors="replace").split("\n")[:100]]
    columns, delimiter = read_header(to_text(line).removesuffix("\r"), below, wanted)
    if len(columns) > asked.columns:
        raise FileFails("too_many_columns")
    if not set(wanted) <= set(columns):
        raise FileFails("missing_column")
    try:
        text = to_text(rest)
    except FileFails as fault:
        codes = ("quote_never_closes", "row_too_long", "line_ends", "another_header")
        raise FileFails(*codes, *fault.codes) from None
    return read_rows(text, columns, delimiter, asked)


def unpack(data: bytes) -> bytes:
    """All members; what comes after them and is none is nobody's."""
    unpacked = b""
    while data.lstrip(b"\0").startswith(b"\x1f\x8b"):
        member = zlib.decompressobj(wbits=31)
        try:
            unpacked += member.decompress(data.lstrip(b"\0"))
        except zlib.error:
            raise FileFails("gzip_damaged", *ANY) from None
        if not member.eof:
            raise FileFails("gzip_truncated", "gzip_damaged", *ANY)
        data = member.unused_data
    return unpacked


# What is wrong with the text before the place where the gzip data break off may be met first.
ANY = (
    *("empty", "no_header", "header_quotes", "empty_name", "space_in_name", "duplicate_name", "line_ends"),
    *("too_many_columns", "missing_column", "row_too_long", "quote_never_closes", "sum_too_large", *NOT_TEXT),
    *("late_header", "sep_line", "another_header", "decimal_commas"),
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


def split_loosely(lines: list[str], delimiter: str):
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue


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
    """`text` is what follows the header row. Of two faults, either may be met first."""
    rows, fault = [], None
    try:
        rows.extend(split(text, delimiter, asked.row_bytes, len(columns)))
    except FileFails as broken:
        fault = broken
    try:
        outcome = judge_rows(rows, columns, delimiter, asked)
    except FileFails as broken:
        if fault is None:
            raise
        raise FileFails(*broken.codes, *fault.codes) from None
    if fault is not None:
        raise fault
    return outcome


def judge_rows(rows: list, columns: list[str], delimiter: str, asked: Asked) -> Outcome:
    outcome, seen, metrics = Outcome(), set(), []
    for number, cells in enumerate(rows, 2):
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
        if is_header_again(cells, columns):
            outcome.rejected[number] = "the row repeats the header"
            continue
        outcome.cells[number] = tuple(cells)
        row = dict(zip(columns, cells, strict=True))
        dimensions = tuple(row[name] for name in asked.dimensions)
        day = to_date(row[asked.date_column], asked.date_format)
        value = to_value(row[asked.metric])
        if isinstance(day, str) and isinstance(value, str):
            check_other_header(cells, asked)
        if isinstance(day, str) or isinstance(value, str):
            outcome.rejected[number] = day if isinstance(day, str) else value
            metrics.append((row[asked.metric], False))
            continue
        if any("\0" in cell for cell in dimensions):
            outcome.rejected[number] = "a dimension holds a NUL character"
            continue
        metrics.append((row[asked.metric], True))
        key = (day, dimensions)
        outcome.points[key] = outcome.points.get(key, 0) + value
        rest = (day, *(row[name] for name in columns if name not in (asked.date_column, asked.metric)))
        outcome.repeated += rest in seen
        seen.add(rest)
    if with_decimal_commas(metrics, delimiter):
        raise FileFails("decimal_commas")
    return outcome


def is_header_again(cells: list[str], columns: list[str]) -> bool:
    return [loosen(cell) for cell in cells] == [loosen(name) for name in columns]


def check_other_header(cells: list[str], asked: Asked) -> None:
    if {loosen(asked.date_column), loosen(asked.metric)} <= {loosen(cell) for cell in cells}:
        raise FileFails("another_header")


def loosen(name: str) -> str:
    """A name without what is not seen in it, quotes, spaces around it and case."""
    name = name.replace("\ufeff", "").removeprefix("\u00ef\u00bb\u00bf")
    seen = [one for one in name if one == " " or unicodedata.category(one) not in UNSEEN]
    name = unicodedata.normalize("NFKC", "".join(seen))
    return name.strip(" \"'`\u00b4\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb").casefold()


UNSEEN = ("Cc", "Cf", "Zl", "Zp", "Zs")


def split(text: str, delimiter: str, row_bytes: int, width: int):
    """The rows: a list of cells, [] for an empty line, the reason where quotes or returns are misplaced."""
    at = 0
    while at < len(text):
        start = at
        try:
            row, at = take_row(text, at, delimiter)
        except FileFails as fault:
            check_length(text[start : fault.end], row_bytes, delimiter, width)
            check_line_ends(text[start : fault.end], delimiter, width)
            raise
        check_length(text[start:at], row_bytes, delimiter, width)
        if row is None:
            check_line_ends(text[start:at], delimiter, width)
            row = find_misplaced(text, start, delimiter)
        yield row


def check_line_ends(raw: str, delimiter: str, width: int) -> None:
    """Rows between CRs that stand alone cannot be counted: whether there are two of the header's width."""
    if "\r" in raw.replace("\r\n", "\n"):
        rows = split_loosely(re.split(r"\r\n|\r|\n", raw), delimiter)
        if sum(len(cells) == width for cells in rows) > 1:
            raise FileFails("line_ends")


def check_length(raw: str, row_bytes: int, delimiter: str, width: int) -> None:
    data = raw.encode()
    if not data.endswith(b"\n"):
        data += b"\n"
    if len(data) > row_bytes:
        check = data[:row_bytes]
        if b"\n" not in check:
            check_line_ends(check.decode(errors="replace"), delimiter, width)
        raise FileFails("quote_never_closes" if b"\n" in check else "row_too_long")


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
