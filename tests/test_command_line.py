"""What every command does when it cannot begin: one line on standard error, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"DEBUG": "0", "SECRET_KEY": ""}, "SECRET_KEY"),
        ({"DAILY_SYNC_TIME": "25:00"}, "DAILY_SYNC_TIME must be a time of day in UTC such as 02:00"),
        ({"RUN_HELPERS": "many"}, "RUN_HELPERS must be a whole number"),
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, "The database refuses"),
    ],
)
def test_a_wrong_environment_is_told_in_words(environment: dict[str, str], says: str) -> None:
    done = manage("list_telemetries", "--account", "acme", "--json", **environment)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unknown_option_is_a_wrong_argument() -> None:
    done = manage("list_telemetries", "--acount", "acme")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
