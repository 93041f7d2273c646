"""Exceptions that are thrown into a sync, at the first call of any of the product's functions."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType

from tests.processes import ROOT

APPS = ("csvfiles", "endpoints", "ingestion", "telemetry")
BOUNDARY = "carry_out"  # the command's function within which whatever happens concerns one telemetry alone
FOLDERS = tuple(f"{ROOT / app}/" for app in APPS)


class Boom(Exception):
    """Nothing of ours expects it."""


class Watch:
    """Notes the functions that are called within the first BOUNDARY; throws Boom where `target` is called."""

    def __init__(self, target: CodeType | None = None) -> None:
        self.called: dict[CodeType, None] = {}  # in their order
        self.has_thrown = False
        self._target, self._inside, self._is_over = target, False, False

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if not code.co_filename.startswith(FOLDERS) or self._is_over:
            return
        if code.co_name == BOUNDARY:
            self._inside, self._is_over = event == "call", event == "return"
        elif event == "call" and self._inside:
            self.called[code] = None
            if code is self._target and not self.has_thrown:
                self.has_thrown = True
                raise Boom("2024-05-01,a cell")  # Python takes the profiler away then


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Have every call reported to it, in this thread and in those begun meanwhile."""
    threading.setprofile(watch)
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
