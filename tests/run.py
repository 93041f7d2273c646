"""What `make test` runs: the whole suite on SQLite with no service, then on PostgreSQL and Redis.

As many workers as the machine has cores (two at least) share a run; a module's tests stay on one of them.
What knows no database runs once: the reader of CSV files, pages in a browser, the demo (which has its own).
Arguments go to pytest: `make test ARGS="tests/csvfiles -k dates"`. Where PostgreSQL or Redis does not
answer, the second part runs on what does, or is left out and named; with CI=true that is a failure.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tests.chromium import MISSING, find_chromium, install_chromium
from tests.services import find_postgresql, reserve_redis

ROOT = Path(__file__).resolve().parent.parent
RUN_ONCE = ("tests/browser", "tests/csvfiles", "tests/demo")


@dataclass(frozen=True, slots=True)
class Part:
    """One run of the suite, or the reason why there was none."""

    name: str
    returncode: int
    note: str = ""


def run_suite(name: str, *, database: str, cache: str, queue: str, arguments: list[str]) -> Part:
    """Run pytest once on these services."""
    print(f"\n=== {name} ===", flush=True)
    services = {"TEST_DATABASE_URL": database, "TEST_REDIS_URL": cache, "TEST_QUEUE_URL": queue}
    environment = os.environ | services
    workers = str(max(2, os.cpu_count() or 2))
    command = [sys.executable, "-m", "pytest", "-n", workers, "--dist", "loadscope", *arguments]
    return Part(name, call_pytest(command, environment))


def call_pytest(command: list[str], environment: dict[str, str]) -> int:
    """pytest's exit code. Asked to end, wait until it has dropped its databases, then end too."""
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if number == signal.SIGTERM:  # Ctrl-C reaches pytest by itself: it is in the terminal's group
            process.terminate()

    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
        returncode = process.wait()
    for number, handler in before.items():
        signal.signal(number, handler)
    if heard:
        sys.exit(128 + heard[0])
    return returncode


def run_with_services(arguments: list[str], *, in_ci: bool) -> list[Part]:
    """The suite on the services that answer, and a part for each one that does not."""
    database = find_postgresql()
    with reserve_redis() as cache, reserve_redis() as queue:
        missing = list(dict.fromkeys(found.problem for found in (database, cache, queue) if found.problem))
        parts = [Part("services", 1 if in_ci else 0, problem) for problem in missing]
        names = [name for name, answer in (("PostgreSQL", database), ("Redis", cache)) if answer.url]
        if names and not (missing and in_ci):
            name = f"On {' and '.join(names)}"
            urls = {"database": database.url, "cache": cache.url, "queue": queue.url}
            parts.append(run_suite(name, **urls, arguments=arguments or _ignore(RUN_ONCE)))
    return parts


def _ignore(folders: tuple[str, ...]) -> list[str]:
    return [f"--ignore={folder}" for folder in folders]


def run(arguments: list[str]) -> int:
    in_ci = os.environ.get("CI") == "true"
    install_chromium()
    parts = [run_suite("On SQLite, no service", database="", cache="", queue="", arguments=arguments)]
    parts += run_with_services(arguments, in_ci=in_ci)
    if not find_chromium():
        parts.append(Part("browser tests", 1 if in_ci else 0, MISSING))
    print("\n=== What ran ===")
    for part in parts:
        state = (
            "not run" if part.note else "passed" if part.returncode == 0 else f"failed ({part.returncode})"
        )
        print(f"{part.name}: {state}{'. ' + part.note if part.note else ''}")
    return max(abs(part.returncode) for part in parts)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
