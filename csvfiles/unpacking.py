"""Gzip as a stream, by zlib: each step costs what its bytes cost, whatever they say.

The standard library's GzipFile reads a member's name byte by byte and takes long for a member that holds
nothing: a file of ten gigabytes of either would keep it busy for hours.
"""

from __future__ import annotations

import zlib
from typing import BinaryIO

GZIP = b"\x1f\x8b"
_CHUNK = 16 * 1024  # of packed bytes; what is left of one is copied at each member's end


class Unpacked:
    """What the members of a gzip stream hold, in turn; zeros may fill up between and after them."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._waiting = b""
        self._member = zlib.decompressobj(wbits=31)  # 31: with gzip's header and checksum

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, b"" after the last. Raises zlib.error, EOFError where the data end early."""
        while not self._member.eof or self._begin_member():
            self._waiting = self._waiting or self._packed.read(_CHUNK)
            if not self._waiting:
                raise EOFError
            piece = self._member.decompress(self._waiting, size)
            self._waiting = self._member.unconsumed_tail or self._member.unused_data
            if piece:
                return piece
        return b""

    def _begin_member(self) -> bool:
        """Whether another one follows."""
        while not (waiting := self._waiting.lstrip(b"\x00")):
            self._waiting = self._packed.read(_CHUNK)
            if not self._waiting:
                return False
        self._waiting = waiting
        self._member = zlib.decompressobj(wbits=31)
        return True
