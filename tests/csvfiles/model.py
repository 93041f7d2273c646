"""The rules of DESIGN.md, slow and obvious: what csvfiles.read must come to on every input.

Character by character, row by row, with nothing of csvfiles but its exceptions' name. It reads whole texts in
memory, knows no blocks, no batches, no vectors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

FORMATS = {
    "yyyy-MM-dd": r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)",
    "yyyy/MM/dd": r"(?P<y>\d{4})/(?P<m>\d\d)/(?P<d>\d\d)",
    "yyyy/M/d": r"(?P<y>\d{4})/(?P<m>\d\d?)/(?P<d>\d\d?)",
    "MM/d/yyyy": r"(?P<m>\d\d)/(?P<d>\d\d?)/(?P<y>\d{4})",
    "yyyy-M-d": r"(?P<y>\d{4})-(?P<m>\d\d?)-(?P<d>\d\d?)",
    "yyyy-MM-dd'T'00:00:00'Z'": r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)T00:00:00Z",
}


class FileFails(Exception):
    pass


@dataclass
class Outcome:
    points: dict[tuple, Fraction] = field(default_factory=dict)  # (date, dimension values) -> value
    rejected: set[int] = field(default_factory=set)  # row numbers
    rows: int = 0
    repeated: int = 0


def read(
    text: str, *, columns: int, date_at: int, date_format: str, dimensions_at: list[int], metric_at: int
):
    """`text` is what follows the header row; cells are counted from 0."""
    outcome, seen = Outcome(), set()
    for number, cells in enumerate(split(text), 2):
        if cells == []:
            continue  # an empty line
        outcome.rows += 1
        if cells is None or len(cells) != columns:
            outcome.rejected.add(number)
            continue
        day = to_date(cells[date_at], date_format)
        value = to_value(cells[metric_at])
        dimensions = tuple(cells[at] for at in dimensions_at)
        if day is None or value is None or any("\0" in cell for cell in dimensions):
            outcome.rejected.add(number)
            continue
        key = (day, dimensions)
        outcome.points[key] = outcome.points.get(key, 0) + value
        rest = (day, *(cell for at, cell in enumerate(cells) if at not in (date_at, metric_at)))
        outcome.repeated += rest in seen
        seen.add(rest)
    return outcome


def split(text: str):
    """The rows: a list of cells, [] for an empty line, None for a row with misplaced quotes or returns."""
    rows, at = [], 0
    while at < len(text):
        row, at = take_row(text, at)
        rows.append(row)
    return rows


def take_row(text: str, at: int):  # noqa: C901 - one character after the other, as the rules say it
    cells, cell, start = [], "", at
    inside = quoted = False
    while True:
        char = text[at] if at < len(text) else None
        if inside:
            if char is None:
                raise FileFails
            if char == '"' and text[at + 1 : at + 2] == '"':
                cell, at = cell + '"', at + 2
            elif char == '"':
                inside, at = False, at + 1
            else:
                cell, at = cell + char, at + 1
        elif char == '"' and cell == "" and not quoted:
            inside = quoted = True
            at += 1
        elif char == ",":
            cells.append(cell)
            cell, quoted, at = "", False, at + 1
        elif char is None or char == "\n":
            return end_row([*cells, cell], text[start:at], quoted), at + 1
        elif char == "\r":
            after = re.compile(r"\r*").match(text, at).end()
            if text[after : after + 1] in ("\n", ""):
                return end_row([*cells, cell], text[start:at], quoted), after + 1
            return bad_row(text, start, at)
        elif quoted:
            return bad_row(text, start, at)
        else:
            cell, at = cell + char, at + 1


def end_row(cells, raw, quoted):
    return [] if raw == "" else cells


def bad_row(text: str, start: int, at: int):
    """The rest of the line is no good; where the row had begun on an earlier line, nothing can be told."""
    if "\n" in text[start:at]:
        raise FileFails
    end = text.find("\n", at)
    return None, len(text) if end < 0 else end + 1


def to_date(cell: str, date_format: str):
    match = re.fullmatch(FORMATS[date_format], cell, re.ASCII)
    if not match:
        return None
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        return None


def to_value(cell: str):
    match = re.fullmatch(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?", cell, re.ASCII)
    if not match or not (match[2] or match[3]):
        return None
    digits, exponent = int(match[2] + (match[3] or "")), int(match[4] or 0)
    if digits == 0:
        return Fraction(0)
    if match[1] == "-" or abs(exponent) > 1000:
        return None
    value = Fraction(digits) * Fraction(10) ** (exponent - len(match[3] or ""))
    fits = value < 10**20 and (value * 10**18).denominator == 1
    return value if fits else None
