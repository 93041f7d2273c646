"""The rules for CSV files in slow, obvious Python: what csvfiles.read must yield on every input.

Character by character, row by row, with nothing of csvfiles. It reads whole files in memory, knows no blocks,
no batches, no vectors.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

from tests.csvfiles.model_cells import has_day_first, to_date, to_value, with_decimal_commas
from tests.csvfiles.model_header import read_header
from tests.csvfiles.model_text import NOT_TEXT, FileFails, is_plain_text, split, to_text


@dataclass
class Outcome:
    points: dict[tuple, Fraction] = field(default_factory=dict)  # (date, dimension values) -> value
    rejected: dict[int, str] = field(default_factory=dict)  # row number -> reason
    rejected_by_day: Counter = field(default_factory=Counter)  # of those whose date can be read
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
        codes = ("quote_never_closes", "row_too_long", "line_ends", "another_header", "day_first")
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
    *("late_header", "sep_line", "another_header", "decimal_commas", "day_first"),
)


def read_rows(text: str, columns: list[str], delimiter: str, asked: Asked) -> Outcome:
    """`text` is what follows the header row. Of several faults, any may be met first."""
    rows, codes = [], set()
    try:
        rows.extend(split(text, delimiter, asked.row_bytes, len(columns)))  # keeps those before a fault
    except FileFails as fault:
        codes |= fault.codes
    if has_day_first_in(rows, columns, asked):
        codes.add("day_first")
    try:
        outcome = judge_rows(rows, columns, delimiter, asked)
    except FileFails as fault:
        codes |= fault.codes
    if codes:
        raise FileFails(*codes)
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
            outcome.rejected_by_day.update([] if isinstance(day, str) else [day])
            metrics.append((row[asked.metric], False))
            continue
        if any("\0" in cell for cell in dimensions):
            outcome.rejected[number] = "a dimension holds a NUL character"
            outcome.rejected_by_day[day] += 1
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


def has_day_first_in(rows: list, columns: list[str], asked: Asked) -> bool:
    """One row that has the day first spoils the file, whatever else the row is."""
    position = columns.index(asked.date_column)
    whole = [cells for cells in rows if isinstance(cells, list) and len(cells) == len(columns)]
    return any(has_day_first(cells[position], asked.date_format) for cells in whole)


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
