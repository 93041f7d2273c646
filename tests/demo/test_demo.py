"""`make demo`, from its start to its end, as a person at a terminal has it."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.demo.running import END_WITHIN, ROOT, RunningDemo

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="looks for processes in /proc"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "kept"


def sign_in(demo: RunningDemo) -> tuple[str, str]:
    """The address and the page that the sign-in printed by the demo leads to."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    opener = urllib.request.build_opener(cookies)
    with opener.open(f"{demo.url}/accounts/login/") as response:
        marks = re.findall(r'name="(csrfmiddlewaretoken|made_for)" value="([^"]+)"', response.read().decode())
    fields = {**dict(marks), "username": demo.email, "password": demo.password}
    with opener.open(f"{demo.url}/accounts/login/", urllib.parse.urlencode(fields).encode()) as response:
        return response.url, response.read().decode()


def test_it_serves_a_sign_in_and_ctrl_c_leaves_no_process(folder: Path) -> None:
    with RunningDemo(folder) as demo:
        address, page = sign_in(demo)
        assert address == f"{demo.url}/settings/telemetry/"
        assert "Demo Company" in page
        commands = " ".join(demo.list_processes().values())
        for part in ("demo.standin", "gunicorn", "worker", "beat"):
            assert part in commands
        assert demo.interrupt() == 0
        assert demo.list_processes() == {}


def test_it_starts_again_where_it_ended_and_says_when_a_part_dies(folder: Path) -> None:
    password = (folder / "password").read_text(encoding="utf-8").strip()
    with RunningDemo(folder) as demo:
        assert demo.password == password
        assert sign_in(demo)[0].endswith("/settings/telemetry/")
        (scheduler,) = [pid for pid, command in demo.list_processes().items() if "config beat" in command]
        os.kill(scheduler, signal.SIGKILL)
        assert demo.process.wait(timeout=END_WITHIN) == 1
        assert "scheduler ended by itself (signal 9)" in demo.read_log()
        assert demo.list_processes() == {}


def test_a_second_demo_in_the_same_folder_is_refused_and_the_first_goes_on(folder: Path) -> None:
    with RunningDemo(folder) as demo:
        environment = os.environ | {"DEMO_DIR": str(folder)}
        command = [sys.executable, "manage.py", "demo"]
        second = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert "runs already" in second.stderr
        assert "Traceback" not in second.stderr
        assert sign_in(demo)[0].endswith("/settings/telemetry/")
        assert demo.interrupt(signal.SIGTERM) == 0
        assert demo.list_processes() == {}


def test_its_secrets_are_for_its_owner_alone(folder: Path) -> None:
    for name in ("secret-key", "password"):
        assert (folder / name).stat().st_mode & 0o077 == 0
