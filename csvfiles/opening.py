"""The first row of a file: its header, and where the data begin."""

from __future__ import annotations

from csvfiles.errors import FileError
from csvfiles.header import Header, parse_header
from csvfiles.limits import Limits
from csvfiles.source import check_text, decode


def take_header(block: bytes, limits: Limits, *, final: bool) -> tuple[Header, bytes]:
    """The header in the first row of a file's first block, and the bytes after it. Raises FileError."""
    end = block.find(b"\n", 0, limits.row_bytes)
    if end < 0 and b"\r" in block[: limits.row_bytes].rstrip(b"\r"):
        raise FileError(
            "line_ends",
            "The lines end with CR alone, as on old Macintosh systems.",
            "Save the file with LF or CRLF.",
        )
    if end < 0 and (not final or len(block) > limits.row_bytes):
        raise FileError(
            "row_too_long",
            f"The header row is longer than {limits.row_bytes} bytes.",
            "Check that the file is CSV with line ends LF or CRLF, or raise CSV_MAX_ROW_BYTES.",
        )
    line, rest = (block, b"") if end < 0 else (block[:end], block[end + 1 :])
    check_text(line)
    header = parse_header(decode(line, lambda _before: 1).removesuffix("\r"))
    if len(header.columns) > limits.columns:
        raise FileError(
            "too_many_columns",
            f"The header has {len(header.columns)} columns; {limits.columns} are allowed.",
            "Export fewer columns, or raise CSV_MAX_COLUMNS.",
        )
    return header, rest
