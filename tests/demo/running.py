"""A demo as a process of its own, in a folder of its own, seen from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent.parent
START_WITHIN = 90  # seconds
END_WITHIN = 30


class RunningDemo:
    """`manage.py demo --json`, started and ready; `url`, `email` and `password` are what it printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = (folder.parent / f"{folder.name}.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--json"],
            cwd=ROOT,
            env=os.environ | {"DEMO_DIR": str(folder)},
            stdout=subprocess.PIPE,
            stderr=self._log,
            encoding="utf-8",
        )
        patience = threading.Timer(START_WITHIN, self.process.kill)
        patience.start()
        printed = self.process.stdout.readline()
        patience.cancel()
        if not printed:
            self.process.wait()
            raise AssertionError(f"the demo did not start:\n{self.read_log()}")
        ready = json.loads(printed)
        self.url, self.email, self.password = ready["url"].rstrip("/"), ready["email"], ready["password"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self.process.poll() is None:
            self.interrupt()
        self.process.stdout.close()
        self._log.close()

    def interrupt(self, number: int = signal.SIGINT) -> int:
        """Ctrl-C; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=END_WITHIN)

    def read_log(self) -> str:
        self._log.flush()
        return Path(self._log.name).read_text(encoding="utf-8")

    def list_processes(self) -> dict[int, str]:
        """pid -> command line, of every process on the machine that was started for this demo's folder."""
        return {
            int(path.name): command
            for path in Path("/proc").iterdir()
            if path.name.isdigit() and (command := read_command(path, marker=f"DEMO_DIR={self.folder}"))
        }


def read_command(path: Path, *, marker: str) -> str:
    """The command line of a living process whose environment holds the marker, else nothing."""
    try:
        environment = (path / "environ").read_bytes().decode(errors="replace").split("\0")
        command = (path / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
    except OSError:  # it ended meanwhile
        return ""
    return command if marker in environment else ""
