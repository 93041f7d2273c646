"""What a sync costs when nothing has changed, by the number of objects under the prefix.

    python -m bench.unchanged [--objects 100000]

The stand-in is a process of its own, and so is the sync: its seconds and its peak memory are those of
`manage.py sync_telemetry` from outside, start-up included. That the files are stored already is written
straight into the database: importing them is what `python -m bench` measures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from bench.world import BUCKET, METRIC, World, drop_databases, psql
from demo.standin import StandIn

RESULTS = Path(__file__).parent / "results"
NAME = "unchanged"
PREFIX, CONTENT = f"{NAME}/", "date,team,environment,feature,requests\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.unchanged")
    parser.add_argument("--objects", type=int, default=100_000)
    objects = parser.parse_args().objects
    with ExitStack() as after:
        folder = after.enter_context(tempfile.TemporaryDirectory(prefix="denominator-bench-"))
        after.callback(drop_databases)
        standin = after.enter_context(run_standin(objects))
        world = World(Path(folder), port=0)
        world.environment["AWS_ENDPOINT_URL"] = standin.recv()
        world.prepare([NAME])
        standin.send(json.loads(world.role_file.read_text())[0])
        store(standin.recv())
        few = measure(world, standin, objects)
        again = measure(world, standin, objects)
    report = {
        "objects": objects,
        "first": few,
        "again": again,
        "python": platform.python_version(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "libraries": {name: version(name) for name in ("Django", "boto3", "psycopg")},
    }
    target = RESULTS / f"unchanged-{datetime.now(UTC):%Y-%m-%d-%H%M}.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=2))


@contextmanager
def run_standin(objects: int) -> Iterator[Connection]:
    """The stand-in with that many objects: it sends its address, takes the role, and sends their ETag."""
    ours, its = get_context("fork").Pipe()
    process = get_context("fork").Process(target=_serve, args=(its, objects), daemon=True)
    process.start()
    yield ours
    process.terminate()
    process.join()


def _serve(pipe: Connection, objects: int) -> None:
    standin = StandIn().start()
    standin.add_bucket(BUCKET)
    modified = datetime(2024, 5, 1, tzinfo=UTC)
    for number in range(objects):
        standin.put_object(BUCKET, f"{PREFIX}{number:07}.csv", CONTENT, modified=modified)
    pipe.send(standin.url)
    role = pipe.recv()
    standin.add_role(role["arn"], external_id=role["external_id"], bucket=BUCKET)
    [first] = standin.store.list(BUCKET, prefix=PREFIX, after="", limit=1)
    pipe.send({"etag": first.etag, "size": first.size, "objects": objects})
    while True:
        pipe.recv()
        pipe.send({operation: standin.count(operation) for operation in ("list", "get")})


def store(listed: dict) -> None:
    """Let the database say that every object has been imported."""
    psql(f"""
        INSERT INTO ingestion_sourcefile (source_id, key, etag, size, last_modified, state, message,
                                          rows_read, rows_rejected, points, is_reprojected)
        SELECT s.id, '{PREFIX}' || lpad(n::text, 7, '0') || '.csv', '{listed["etag"]}', {listed["size"]},
               '2024-05-01T00:00:00Z', 'stored', '', 0, 0, 0, false
        FROM ingestion_source s, generate_series(0, {listed["objects"] - 1}) AS n""")
    psql("ANALYZE ingestion_sourcefile")


def measure(world: World, standin: Connection, objects: int) -> dict[str, float]:
    """One sync: seconds, peak memory, and the requests that it made."""
    before = ask(standin)
    started = time.perf_counter()
    process = subprocess.Popen(
        world.command("sync_telemetry", "--account", NAME, METRIC),
        cwd=Path(__file__).parent.parent,
        env=world.environment,
        stdout=subprocess.PIPE,
    )
    run = json.loads(process.stdout.read())["runs"][0]
    _, _, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = 0  # it has been waited for
    if run["files_unchanged"] != objects:
        raise RuntimeError(f"{run['files_unchanged']} unchanged files instead of {objects}")
    after = ask(standin)
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_megabytes": round(used.ru_maxrss / 1024, 1),
        **{f"{operation}_requests": after[operation] - before[operation] for operation in after},
    }


def ask(standin: Connection) -> dict[str, int]:
    standin.send("count")
    return standin.recv()


if __name__ == "__main__":
    main()
