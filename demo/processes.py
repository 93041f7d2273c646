"""Child processes in one terminal: output prefixed with names; when one dies all are ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

QUIET = "ignore:You're running the worker with superuser"  # Celery's advice to servers, not to a demo
LOOK_EVERY = 0.2  # seconds, at another process: it tells nobody that it answers now
STOP_WITHIN = 10.0  # seconds for all of them together


class ChildDied(Exception):
    """A child ended by itself; says which and how."""

    def __init__(self, *, name: str, returncode: int) -> None:
        how = f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
        super().__init__(f"{name} ended by itself ({how}). Its last lines above say why.")


def wait_for_answer(url: str, *, seconds: float, check: Callable[[], None]) -> bool:
    """Whether something answers there within so long, whatever it says. `check` raises where nothing will."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        check()
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 (our own address)
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(LOOK_EVERY)
        else:
            return True
    return False


class Processes:
    """A handful of children. Use as a context manager: whatever happens, leaving it ends them all."""

    def __init__(self, *, output: TextIO, folder: Path) -> None:
        self._output = output
        self._folder = folder
        self._children: dict[str, subprocess.Popen[str]] = {}
        self._readers: list[threading.Thread] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self, name: str, command: list[str]) -> None:
        """Start a child in a process group of its own, so that Ctrl-C reaches it through `stop` alone."""
        child = subprocess.Popen(  # noqa: S603 (the commands are the demo's own)
            command,
            cwd=self._folder,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": QUIET},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._children[name] = child
        reader = threading.Thread(target=self._repeat_lines, args=(name, child), daemon=True)
        reader.start()
        self._readers.append(reader)

    def check(self) -> None:
        """Raise ChildDied where a child has ended by itself."""
        for name, child in self._children.items():
            if child.poll() is not None:
                raise ChildDied(name=name, returncode=child.returncode)

    def stop(self) -> None:
        """Ask every child to end, the last one started first; then end what is left of its group."""
        for child in reversed(self._children.values()):
            child.terminate()
        deadline = time.monotonic() + STOP_WITHIN
        for child in self._children.values():
            try:
                child.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                continue
        for child in self._children.values():
            end_group(child.pid)
            child.wait()
        for reader in self._readers:
            reader.join(timeout=1)
        self._children.clear()

    def _repeat_lines(self, name: str, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None  # noqa: S101 (for the type checker: it is a pipe)
        with child.stdout:
            for line in filter(str.strip, child.stdout):
                self._output.write(f"{name:<9} | {line.rstrip()}\n")
                self._output.flush()


def end_group(pid: int) -> None:
    """Kill what is left of the process group that `pid` led; grandchildren outlive a leader."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def find_free_port(*, first: int) -> int:
    """The first port from `first` on that nothing on loopback listens on."""
    for port in range(first, first + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"No free port on 127.0.0.1 from {first} to {first + 199}. End a server and try again.")
