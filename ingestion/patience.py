"""Waiting for what other processes do: looks at it come fast at first, then seldom."""

from __future__ import annotations

import time

_FIRST, _LONGEST = 0.01, 0.2  # seconds: mostly they are about to end; but one that died takes half a minute


class Patience:
    """One wait. Two processes that share a run end within milliseconds of each other, or of nothing."""

    def __init__(self) -> None:
        self._seconds = _FIRST

    def wait(self) -> None:
        """Until the next look."""
        time.sleep(self._seconds)
        self._seconds = min(2 * self._seconds, _LONGEST)
