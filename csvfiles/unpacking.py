"""Gzip as a stream, by zlib: the cost of each step is bounded by its bytes, whatever their content.

The standard library's GzipFile reads a member's name byte by byte and takes long for a member that holds
nothing: a file of ten gigabytes of either would keep it busy for hours.
"""

from __future__ import annotations

import zlib
from typing import Protocol

GZIP = b"\x1f\x8b"
_CHUNK = 16 * 1024  # of packed bytes; what is left of one is copied at each member's end


class Packed(Protocol):
    """What it reads from: an open file, or whatever else gives bytes in turn, b"" after the last."""

    def read(self, size: int, /) -> bytes: ...


class Unpacked:
    """What the members of a gzip stream hold, in turn; zeros may fill up between and after them.

    Other bytes after a member that do not begin another one are passed over with all that follows, as gzip
    itself does: `ignores_rest` says so.
    """

    def __init__(self, packed: Packed) -> None:
        self._packed = packed
        self._waiting = b""
        self.ignores_rest = False
        self._member = zlib.decompressobj(wbits=31)  # 31: with gzip's header and checksum

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, b"" after the last. Raises zlib.error, EOFError where the data end early."""
        while not self._member.eof or (not self.ignores_rest and self._begin_member()):
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
        while len(waiting := self._waiting.lstrip(b"\x00")) < len(GZIP):
            more = self._packed.read(_CHUNK)
            if not more:
                break
            self._waiting = waiting + more
        self._waiting = waiting
        if not waiting.startswith(GZIP):
            self.ignores_rest = bool(waiting)
            return False
        self._member = zlib.decompressobj(wbits=31)
        return True
