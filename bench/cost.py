"""What a process costs from outside: seconds, CPU, peak memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 3600  # seconds: a process that takes longer is ended, and its measurement fails


class Failed(Exception):
    """A process that was to be measured ended badly; the text is the end of what it said."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process with the children it waited for. `cpu` is user and system together.

    `server_cpu`: what PostgreSQL used meanwhile, for whomever; 0 where it was not looked at.
    """

    seconds: float
    cpu: float
    peak_mb: float
    server_cpu: float = 0.0

    def to_json(self) -> dict[str, float]:
        return {name: round(value, 3) for name, value in asdict(self).items()}


class Running:
    """A process that is being measured. Leave it by `finish`, or as a context manager that ends it.

    The peak is the kernel's, and a process inherits that of the one that started it: whoever measures has to
    be small itself. That is why nothing in here imports polars or Django.
    """

    def __init__(
        self, command: Sequence[str | Path], *, environment: dict[str, str], folder: Path = ROOT
    ) -> None:
        # Files, not pipes: a process that says much would wait for somebody to read.
        self._output, self._errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._errors,
        )
        self._limit = threading.Timer(LONGEST, self._process.kill)
        self._limit.daemon = True
        self._limit.start()
        self.name = " ".join(str(part) for part in command)[:200]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_over(self) -> bool:
        """Whether it has ended, without taking its cost away from `finish`."""
        if self._process.returncode is None:
            ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            return ended is not None
        return True

    def finish(self) -> Cost:
        """Wait for its end. Raises Failed."""
        cost = self._wait()
        if self._process.returncode:
            raise Failed(f"{self.name}: exit {self._process.returncode}: {self.errors[-2_000:]}")
        return cost

    def end(self) -> Cost | None:
        """Ask it to end, and make it after ten seconds; None where it has ended before."""
        if self._process.returncode is not None:
            return None
        self._process.terminate()
        insist = threading.Timer(10, self._process.kill)
        insist.start()
        try:
            return self._wait()
        finally:
            insist.cancel()

    @property
    def output(self) -> str:
        return _read(self._output)

    @property
    def errors(self) -> str:
        return _read(self._errors)

    def _wait(self) -> Cost:
        _, status, usage = os.wait4(self._process.pid, 0)
        seconds = time.perf_counter() - self._started
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._limit.cancel()
        return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measure(
    command: Sequence[str | Path], *, environment: dict[str, str], folder: Path = ROOT
) -> tuple[Cost, str]:
    """Run it to its end: its cost and its standard output. Raises Failed."""
    with Running(command, environment=environment, folder=folder) as running:
        return running.finish(), running.output


def together(costs: Sequence[Cost]) -> Cost:
    """Of processes begun at once: until the last has ended; their CPU added up; the largest peak."""
    return Cost(
        max(cost.seconds for cost in costs),
        sum(cost.cpu for cost in costs),
        max(cost.peak_mb for cost in costs),
    )


def _read(file: tempfile._TemporaryFileWrapper) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
