from __future__ import annotations

import shutil
import signal
from types import FrameType

import pytest

from tests.environment import FOLDER

pytest_plugins = ["tests.standin"]


def pytest_configure(config: pytest.Config) -> None:
    """A run that is asked to end drops its databases first, as after Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt_once)


def _interrupt_once(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
