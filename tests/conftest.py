from __future__ import annotations

import shutil

import pytest

from tests.environment import FOLDER

pytest_plugins = ["tests.standin"]


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
