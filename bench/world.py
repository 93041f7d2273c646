"""What a measurement needs: a PostgreSQL database of its own, made-up files, the stand-in, an account."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
BUCKET, ROLE = "bench-bucket", "arn:aws:iam::123456789012:role/FinoutMetricsReadOnlyRole"
HEADER = "date,team,environment,feature,requests\n"
DATABASE = "denominator_bench"


def server_url() -> str:
    """A PostgreSQL server that may create databases: BENCH_DATABASE_URL, else the usual local one."""
    return os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")


def database_url() -> str:
    return urlunsplit(urlsplit(server_url())._replace(path=f"/{DATABASE}"))


def psql(sql: str, *, server: bool = False) -> str:
    url = server_url() if server else database_url()
    return subprocess.run(
        ["psql", url, "-qAt", "-v", "ON_ERROR_STOP=1", "-c", sql], check=True, capture_output=True, text=True
    ).stdout.strip()


def make_files(folder: Path, *, series: int, days: int) -> None:
    """`many/`: a file a day; `one/`: the same rows in one file. The same at every call."""
    rows = random.Random(1)  # noqa: S311 - figures, not secrets
    (folder / BUCKET / "many").mkdir(parents=True)
    (folder / BUCKET / "one").mkdir()
    with (folder / BUCKET / "one" / "all.csv").open("w", encoding="utf-8") as one:
        one.write(HEADER)
        for number in range(days):
            day = date(2024, 1, 1) + timedelta(number)
            lines = "".join(_line(day, index, rows) for index in range(series))
            (folder / BUCKET / "many" / f"{day}.csv").write_text(HEADER + lines, encoding="utf-8")
            one.write(lines)


def _line(day: date, index: int, rows: random.Random) -> str:
    value = f"{rows.randint(0, 10**9)}.{rows.randint(0, 99):02d}"
    return f"{day},team-{index % 200},env-{index // 200 % 4},feature-{index // 800},{value}\n"


class World:
    """A fresh database, the stand-in over `folder`, and the commands as processes of their own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "SECRET_KEY": "of a bench that serves nobody, for as long as it runs",
            "ALLOWED_HOSTS": "localhost",
            "LOG_LEVEL": "WARNING",
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": database_url(),
            "REDIS_URL": "",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "AKIADENOMINATOR00000",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def manage(self, *arguments: str) -> dict:
        done = self.start(*arguments)
        output, errors = done.communicate()
        if done.returncode:
            raise RuntimeError(f"{arguments}: {errors}")
        return json.loads(output)

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments, "--json"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def set_up(self) -> None:
        """A new database with an account, an endpoint and the telemetries `many` and `one` of its files."""
        psql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", server=True)
        psql(f"CREATE DATABASE {DATABASE}", server=True)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=self.environment, check=True
        )
        self.manage("add_account", "Bench", "--slug", "bench")
        endpoint = self.manage(
            *("add_endpoint", "--account", "bench", "--name", "Bench", "--role-arn", ROLE),
            *("--bucket", BUCKET, "--region", "us-east-1"),
        )
        role = {"arn": ROLE, "external_id": endpoint["external_id"], "bucket": BUCKET}
        (self.folder / "roles.json").write_text(json.dumps([role]), encoding="utf-8")

    def add_telemetry(self, prefix: str) -> None:
        self.manage(
            *("add_telemetry", "--account", "bench", "--endpoint", "Bench", "--prefix", prefix),
            *("--name", "Bench", "--date-column", "date", "--date-format", "yyyy-MM-dd"),
            *("--dimension", "team", "--dimension", "environment", "--dimension", "feature"),
            *("--metric", "requests"),
        )


@contextmanager
def open_world(folder: Path) -> Iterator[World]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    world = World(folder, port)
    (folder / "roles.json").write_text("[]", encoding="utf-8")
    standin = subprocess.Popen(
        [
            *(sys.executable, "-m", "demo.standin", "--port", str(port), "--folder", str(folder)),
            *("--role-file", str(folder / "roles.json"), "--region", "us-east-1"),
        ],
        cwd=ROOT,
        env=world.environment,
    )
    try:
        _wait_for(port)
        yield world
    finally:
        standin.terminate()
        standin.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the stand-in does not answer on port {port}")
