"""A whole object as one stream, resumed where a connection breaks."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Protocol

MAX_BREAKS = 5  # a stream; each request also has the SDK's own retries


class Body(Protocol):
    def readinto(self, buffer: memoryview, /) -> int: ...
    def close(self) -> None: ...


class ResumingStream(io.RawIOBase):
    """Reads `size` bytes from the bodies that `open_at(position)` gives, a new one after each break.

    `open_at` must ask for the same version each time, else the parts of two versions would be joined.
    `broken` are the errors of a body that mean a break; `give_up(times)` and `damaged()` make the errors
    raised after too many of them, and when what arrived is longer, or has another checksum.
    """

    def __init__(
        self,
        *,
        size: int,
        open_at: Callable[[int], Body],
        broken: tuple[type[Exception], ...],
        give_up: Callable[[int], Exception],
        damaged: Callable[[], Exception],
    ) -> None:
        self._size = size
        self._open_at = open_at
        self._broken = broken
        self._give_up = give_up
        self._damaged = damaged
        self._position = 0
        self._breaks = 0
        self._body: Body | None = open_at(0)

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # io hands it nothing else
        while True:
            try:
                if self._body is None:
                    self._body = self._open_at(self._position)
                count = self._body.readinto(buffer)
            except self._broken as error:
                self._note_break(error)
                continue
            if count == 0 and self._position < self._size and len(buffer):
                self._note_break(None)
                continue
            self._position += count
            if self._position > self._size:
                raise self._damaged()
            return count

    def _note_break(self, error: Exception | None) -> None:
        if self._position >= self._size:  # everything is here, so it was the checksum that failed
            raise self._damaged() from error
        self._breaks += 1
        self._drop_body()
        if self._breaks > MAX_BREAKS:
            raise self._give_up(self._breaks) from error

    def _drop_body(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None

    def close(self) -> None:
        if not self.closed:
            self._drop_body()
        super().close()
