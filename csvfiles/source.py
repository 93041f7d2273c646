"""From an object's bytes to text that can be split: gzip, byte order mark, encoding."""

from __future__ import annotations

import codecs
import io
import re
import zlib
from collections.abc import Callable
from typing import BinaryIO

from csvfiles.errors import FileError
from csvfiles.limits import Limits
from csvfiles.unpacking import GZIP, Unpacked

UTF8_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_BINARY = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"PAR1\x15": "a Parquet file",
    b"%PDF-": "a PDF document",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    GZIP: "a gzip file within a gzip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
}
_BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")
_CONTROLS = bytes(set(range(32)) - set(b"\t\r\n"))
_UNGZIP = "Upload the file again, whole."


class Source:
    """The bytes of a CSV file, unpacked, without byte order mark. `read` raises FileError by name."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._limits = limits
        raw = io.BufferedReader(stream, 1 << 16) if isinstance(stream, io.RawIOBase) else stream
        start = raw.read(4)
        self._joined = _Joined(start, raw)
        self._packed = start.startswith(GZIP)
        self._unpacked = Unpacked(self._joined) if self._packed else None
        self._bytes = self._unpacked or self._joined
        self._expanded = 0
        self._pending = self._read_start()

    @property
    def ignores_rest(self) -> bool:
        """Whether there are bytes after the end of its gzip data, as far as it has been read."""
        return self._unpacked is not None and self._unpacked.ignores_rest

    def look(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end; they stay to be read."""
        self._pending = look = self.read(size) + self._pending
        return look

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, fewer only at the end; b"" after it."""
        pieces, left = [], size
        while left:
            piece = self._read(left)
            if not piece:
                break
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def _read(self, size: int) -> bytes:
        if self._pending:
            piece, self._pending = self._pending[:size], self._pending[size:]
            return piece
        try:
            piece = self._bytes.read(size)
        except EOFError:
            raise FileError("gzip_truncated", "The gzip data ends too early.", _UNGZIP) from None
        except zlib.error:
            raise FileError("gzip_damaged", "The gzip data is damaged.", _UNGZIP) from None
        self._expanded += len(piece)
        if self._packed:
            self._check_expansion()
        return piece

    def _check_expansion(self) -> None:
        limits = self._limits
        if self._expanded > limits.expanded_bytes:
            raise FileError(
                "gzip_bomb",
                f"The gzip file holds more than {limits.expanded_bytes} bytes.",
                "Split the export into smaller files, or raise CSV_MAX_UNPACKED_BYTES.",
            )
        packed = self._joined.bytes_read
        if self._expanded > max(limits.expanded_freely, limits.expansion * packed):
            raise FileError(
                "gzip_bomb",
                f"The gzip file unpacks to more than {limits.expansion} times its own size.",
                "Check how it was made; if it is right, upload it unpacked, or raise CSV_MAX_UNPACK_RATIO.",
            )

    def _read_start(self) -> bytes:
        self._pending = b""
        start = self.read(4096)
        check_text(start)
        return start.removeprefix(UTF8_BOM)


class _Joined(io.RawIOBase):
    """A stream with the bytes in front that were read to look at it."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start, self._rest = start, rest
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._start and size >= 0:
            piece, self._start = self._start[:size], self._start[size:]
        else:
            piece = self._rest.read(size)
        self.bytes_read += len(piece)
        return piece


def check_text(start: bytes) -> None:
    """Raises FileError where the first bytes of a file are no UTF-8 text by what they show."""
    for magic, name in _BINARY.items():
        if start.startswith(magic):
            raise FileError("binary", f"The file is {name}, not CSV text.", "Export it as CSV.")
    if _BZIP2.match(start):
        raise FileError("binary", "The file is a bzip2 archive, not CSV text.", "Export it as CSV.")
    holds_nul = b"\x00" in start.split(b"\n", 1)[0]
    if start.startswith(_UTF32):
        raise FileError("utf32", "The file is encoded in UTF-32.", "Save it as UTF-8.")
    if start.startswith(_UTF16) or (holds_nul and _looks_like_utf16(start)):
        raise FileError("utf16", "The file is encoded in UTF-16.", "Save it as UTF-8.")
    if holds_nul:
        raise _binary()
    if _looks_binary(start) and not _is_utf8(start):
        raise _binary()


def decode(block: bytes, find_row: Callable[[bytes], int]) -> str:
    """UTF-8 text. Raises FileError naming the row and the encoding that it looks like.

    `find_row` says in which row a beginning of the block ends.
    """
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError as error:
        if _looks_binary(block[:4096]):
            raise _binary() from None
        row = find_row(block[: error.start])
        raise FileError(
            "not_utf8",
            f"The file is not UTF-8: row {row} has the byte 0x{block[error.start]:02X}. "
            "It looks like Latin-1 (ISO 8859-1, Windows-1252).",
            "Save it as UTF-8.",
        ) from None


def _binary() -> FileError:
    return FileError("binary", "The file is binary, not CSV text.", "Export it as CSV in UTF-8.")


def _is_utf8(start: bytes) -> bool:
    """Whether the first bytes of a file are UTF-8, a character cut off at their end aside."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def _looks_binary(start: bytes) -> bool:
    """Whether there are NULs or control characters that no text in whatever encoding has."""
    controls = len(start) - len(start.translate(None, _CONTROLS))
    return b"\x00" in start or controls > len(start) // 50


def _looks_like_utf16(start: bytes) -> bool:
    """Text of the Latin alphabet in UTF-16 without a mark: every second byte is NUL."""
    pairs = start[: len(start) // 2 * 2]
    if len(pairs) < 8:
        return False
    return any(2 * pairs[side::2].count(0) > 0.8 * len(pairs) for side in (0, 1))
