"""Where the time of a sync goes: its threads' stacks, looked at every few milliseconds from within."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from types import FrameType, TracebackType
from typing import Self

from bench.cost import ROOT

EVERY = 0.004  # seconds
_WAITING = ("threading.py", "queue.py")


class Sampler:
    """Counts, for each thread, which of our functions is at work, or is waiting for another thread."""

    def __init__(self) -> None:
        self.samples = 0
        self._found: dict[str, Counter[str]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="sampler", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def shares(self, *, least: float = 0.01) -> dict[str, dict[str, float]]:
        """{thread: {function: share of all samples}}, the largest first."""
        return {
            thread: {
                place: round(count / self.samples, 3)
                for place, count in found.most_common()
                if count >= least * self.samples
            }
            for thread, found in self._found.items()
        }

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            self.samples += 1
            names = {thread.ident: thread.name for thread in threading.enumerate()}
            for ident, frame in sys._current_frames().items():
                name = names.get(ident, "")
                if name and name != "sampler":
                    self._found.setdefault(name, Counter())[_place(frame)] += 1


def _place(frame: FrameType) -> str:
    """The innermost of our functions, by file."""
    waits = frame.f_code.co_filename.endswith(_WAITING)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(f"{ROOT}/") and "/.venv/" not in file and "/bench/" not in file[len(str(ROOT)) :]:
            place = f"{file[len(str(ROOT)) + 1 :]} {frame.f_code.co_name}"
            return f"waiting in {place}" if waits else place
        frame = frame.f_back
    return "elsewhere"
