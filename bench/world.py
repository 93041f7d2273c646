"""What the measurements share: a PostgreSQL database of its own, the stand-in over a folder, telemetries.

Each telemetry has an account of its own, named like the folder of its files: `--account many requests`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit, urlunsplit

from bench.cost import ROOT, Cost, Running, measure

BUCKET, METRIC = "bench-bucket", "requests"
DIMENSIONS = ("team", "environment", "feature")
FIRST_DAY = date(2019, 1, 1)  # of the files that are made up
DATABASE = f"denominator_bench_{os.getpid()}"
_BLANK = f"{DATABASE}_blank"


def server_url() -> str:
    """A PostgreSQL server that may create databases: BENCH_DATABASE_URL, else the usual local one."""
    return os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")


def database_url(name: str = DATABASE) -> str:
    return urlunsplit(urlsplit(server_url())._replace(path=f"/{name}"))


def psql(sql: str, *, server: bool = False) -> str:
    """What a statement, or several, answer: rows as lines, columns between bars."""
    url = server_url() if server else database_url()
    command = ["psql", url, "-qAt", "-v", "ON_ERROR_STOP=1"]
    done = subprocess.run(command, input=sql, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{sql[:500]}: {done.stderr}")
    return done.stdout.strip()


def drop_databases() -> None:
    for name in (DATABASE, _BLANK):
        psql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", server=True)


class World:
    """Fresh databases, the files, the stand-in, and our commands as processes of their own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.bucket = folder, folder / "buckets" / BUCKET
        self.role_file = folder / "roles.json"
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            **os.environ,
            "SECRET_KEY": "of a bench that serves nobody, for as long as it runs",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "SITE_URL": "http://localhost:8000",
            "SECURE_COOKIES": "0",
            "DEBUG": "0",
            "LOG_LEVEL": "WARNING",
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": database_url(),
            "REDIS_URL": "",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIADENOMINATOR00000",  # pragma: allowlist secret (the stand-in's)
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def make_files(self, *, series: int, days: int, kind: str = "both") -> None:
        """`many/` and `one/` in the bucket (bench.files), in place of what is there."""
        for name in ("many", "one"):
            shutil.rmtree(self.bucket / name, ignore_errors=True)
        self.python("bench.files", self.bucket, "--series", series, "--days", days, "--kind", kind)
        self.touch_everything()

    def touch_everything(self) -> None:
        """Let the stand-in reckon the ETags, once and before anything is measured."""
        self.python("bench.inside", "list")

    def fresh(self) -> None:
        """A new database with all accounts, endpoints and telemetries, and nothing synced."""
        psql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", server=True)
        psql(f"CREATE DATABASE {DATABASE} TEMPLATE {_BLANK}", server=True)
        settle()

    def python(self, module: str, *arguments: object) -> str:
        return self.measure_python(module, *arguments)[1]

    def measure_python(self, module: str, *arguments: object) -> tuple[Cost, str]:
        command = [sys.executable, "-m", module, *(str(argument) for argument in arguments)]
        return measure(command, environment=self.environment)

    def inside(self, *arguments: object) -> dict:
        """What a call of bench.inside, which runs with our settings, prints."""
        return json.loads(self.python("bench.inside", *arguments))

    def manage(self, *arguments: str) -> dict:
        return json.loads(measure(self.command(*arguments), environment=self.environment)[1])

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "manage.py", *arguments, "--json"]

    def start(self, *arguments: str) -> Running:
        return Running(self.command(*arguments), environment=self.environment)

    def counts(self) -> dict[str, dict[str, int]]:
        """What the stand-in has answered so far: {operation: {"requests", "bytes"}}."""
        with urllib.request.urlopen(f"{self.url}/_bench/count", timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def prepare(self, telemetries: Sequence[str]) -> None:
        """The database that every fresh one is a copy of."""
        psql(f"CREATE DATABASE {DATABASE}", server=True)
        measure([sys.executable, "manage.py", "migrate", "-v0"], environment=self.environment)
        roles = [self._add_telemetry(name) for name in telemetries]
        self.role_file.write_text(json.dumps(roles), encoding="utf-8")
        psql(f"ALTER DATABASE {DATABASE} RENAME TO {_BLANK}", server=True)
        self.fresh()

    def _add_telemetry(self, name: str) -> dict[str, str]:
        role = f"arn:aws:iam::123456789012:role/Bench-{name}"
        self.manage("add_account", name, "--slug", name)
        endpoint = self.manage(
            *("add_endpoint", "--account", name, "--name", "Bench", "--role-arn", role),
            *("--bucket", BUCKET, "--region", "us-east-1"),
        )
        dimensions = [part for column in DIMENSIONS for part in ("--dimension", column)]
        self.manage(
            *("add_telemetry", "--account", name, "--endpoint", "Bench", "--prefix", f"{name}/"),
            *("--name", "Bench", "--date-column", "date", "--date-format", "yyyy-MM-dd"),
            *(*dimensions, "--metric", METRIC, "--unchecked"),
        )
        return {"arn": role, "external_id": endpoint["external_id"], "bucket": BUCKET}


def settle() -> None:
    """Let nothing that came before be written during what is measured next."""
    psql("CHECKPOINT", server=True)


@contextmanager
def open_world(telemetries: Sequence[str] = ("many", "one")) -> Iterator[World]:
    """Everything is gone afterwards, also after Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, _interrupt)
    with ExitStack() as after:
        folder = Path(after.enter_context(tempfile.TemporaryDirectory(prefix="denominator-bench-")))
        world = World(folder, free_port())
        world.bucket.mkdir(parents=True)
        world.role_file.write_text("[]", encoding="utf-8")
        after.callback(drop_databases)
        after.enter_context(_start_standin(world))
        world.prepare(telemetries)
        yield world


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(url: str, server: Running) -> None:
    """Return when a port of loopback answers."""
    port = urlsplit(url).port
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.is_over:
            break
        time.sleep(0.1)
    raise RuntimeError(f"{server.name} does not answer: {server.errors[-2_000:]}")


def _start_standin(world: World) -> Running:
    command = [
        *(sys.executable, "-m", "bench.standin", "--port", str(urlsplit(world.url).port)),
        *("--folder", world.bucket.parent, "--role-file", world.role_file),
    ]
    standin = Running(command, environment=world.environment, folder=ROOT)
    try:
        wait_for(world.url, standin)
    except BaseException:  # Ctrl-C too: it must not stay behind
        standin.end()
        raise
    return standin


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
