"""The slow model's way from text to rows of cells, character by character."""

from __future__ import annotations

import csv
import re

NOT_TEXT = ("binary", "utf16", "utf32", "not_utf8")


class FileFails(Exception):
    """The file as a whole is no good. `codes` are the faults that it has: which is met first is not told."""

    def __init__(self, *codes: str, end: int | None = None) -> None:
        super().__init__(*codes)
        self.codes, self.end = set(codes), end


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


def split_loosely(lines: list[str], delimiter: str):
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue
