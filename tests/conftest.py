from __future__ import annotations

import shutil
import signal
from types import FrameType

import hypothesis
import pytest

from tests.environment import FOLDER

hypothesis.settings.register_profile("here", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("here")

pytest_plugins = ["tests.standin"]


def pytest_configure(config: pytest.Config) -> None:
    """A run that is asked to end drops its databases first, as after Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt_once)


def _interrupt_once(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
