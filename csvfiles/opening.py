"""The first row of a file: its header, and where the data begin."""

from __future__ import annotations

from collections.abc import Collection

from csvfiles.errors import EmptyFile, FileError
from csvfiles.first_row import check_first_row, check_wanted
from csvfiles.header import Header, Look, parse_header
from csvfiles.limits import Limits
from csvfiles.line_ends import lines_end_with_cr
from csvfiles.source import check_text, decode

LOOK_BYTES = 256 * 1024  # looked at to tell the header: no more than a sample has of any file
_LOOK_LINES = 100


def take_header(
    block: bytes,
    limits: Limits,
    *,
    final: bool,
    below: Look,
    wanted: Collection[str] = (),
    known: Collection[str] = (),
) -> tuple[Header, bytes]:
    """The header in the first row of a file's first block, and the bytes after it. Raises FileError.

    `below`: the lines after it. `wanted`: the columns that it must have. `known`: those
    of a file like it, to tell how it is split.
    """
    if final and block[:1] in (b"", b"\r", b"\n") and not block.strip(b"\r\n"):
        raise EmptyFile
    line, rest = _cut_first_line(block, limits, final=final)
    check_text(line)
    text = decode(line, lambda _before: 1).removesuffix("\r")
    if "\r" in "".join(text.split('"')[::2]).rstrip("\r"):
        raise lines_end_with_cr()
    try:
        header = parse_header(text, wanted=wanted or known, below=below)
    except FileError:
        check_first_row(text, None, wanted=wanted, known=known, below=below)  # may know more
        raise
    check_first_row(text, header, wanted=wanted, known=known, below=below)
    if len(header.columns) > limits.columns:
        raise FileError(
            "too_many_columns",
            f"The header has {len(header.columns)} columns; {limits.columns} are allowed.",
            "Export fewer columns, or raise CSV_MAX_COLUMNS.",
        )
    check_wanted(header, wanted)
    return header, rest


def _cut_first_line(block: bytes, limits: Limits, *, final: bool) -> tuple[bytes, bytes]:
    end = block.find(b"\n", 0, limits.row_bytes)
    if end >= 0:
        return block[:end], block[end + 1 :]
    if b"\r" in block[: limits.row_bytes].rstrip(b"\r"):
        raise lines_end_with_cr()
    if not final or len(block) > limits.row_bytes:
        raise FileError(
            "row_too_long",
            f"The header row is longer than {limits.row_bytes} bytes.",
            "Check that the file is CSV with line ends LF or CRLF, or raise CSV_MAX_ROW_BYTES.",
        )
    return block, b""


def list_lines_below(look: bytes, *, final: bool) -> list[str]:
    """The first whole lines after the header in a file's first LOOK_BYTES; `final`: it has no more."""
    lines = look.decode(errors="replace").split("\n")
    is_whole = final and len(look) < LOOK_BYTES
    return [line.removesuffix("\r") for line in lines[1 : None if is_whole else -1][:_LOOK_LINES]]
