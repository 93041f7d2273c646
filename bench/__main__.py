"""How fast a first sync is next to psql's \\copy of the same rows into a bare typed table.

    python -m bench [--runs 5] [--series 20000] [--days 100]

Each run takes new databases and measures, one after the other: \\copy; one process syncing a file a day; two
processes sharing that sync; one process syncing the same rows in one file; the same again as a re-import.
Times are whole processes from outside, start-up included. Medians and ratios go to bench/results/.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.world import BUCKET, World, database_url, make_files, open_world, psql

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("Django", "polars", "psycopg", "boto3")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--series", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="denominator-bench-") as name:
        folder = Path(name)
        make_files(folder, series=options.series, days=options.days)
        with open_world(folder) as world:
            runs = [measure(world, options.series * options.days) for _ in range(options.runs)]
    report = summarise(runs, options.series * options.days)
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"sync-{datetime.now(UTC):%Y-%m-%d-%H%M}.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=2))


def measure(world: World, rows: int) -> dict[str, float]:
    """Seconds of each way, in one database, one right after the other."""
    seconds = {}
    world.set_up()
    psql("CREATE TABLE bare (date date, team text, environment text, feature text, requests numeric)")
    source = world.folder / BUCKET / "one" / "all.csv"
    seconds["copy"] = timed(
        ["psql", database_url(), "-qc", f"\\copy bare from '{source}' csv header"], world.environment
    )
    for way, prefix, processes in (("many", "many/", 1), ("many_two", "many/", 2), ("one", "one/", 1)):
        world.set_up()
        world.add_telemetry(prefix)
        seconds[way] = sync(world, processes)
        count = psql("SELECT count(*) FROM telemetry_datapoint")
        if int(count) != rows:
            raise RuntimeError(f"{way}: {count} points instead of {rows}")
    seconds["reimport"] = sync(world, 1, "--reimport")
    print({way: round(value, 2) for way, value in seconds.items()}, file=sys.stderr)
    return seconds


def sync(world: World, processes: int, *more: str) -> float:
    """Seconds until all of the processes, each asked to sync the same telemetry, have ended."""
    started = time.perf_counter()
    command = ("sync_telemetry", "--account", "bench", "requests", *more)
    running = [world.start(*command) for _ in range(processes)]
    for process in running:
        _, errors = process.communicate()
        if process.returncode:
            raise RuntimeError(errors)
    return time.perf_counter() - started


def timed(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, env=environment)
    return time.perf_counter() - started


def summarise(runs: list[dict[str, float]], rows: int) -> dict:
    """Medians of seconds, and of each way's rate as a share of \\copy's in the same run."""
    ways = list(runs[0])
    return {
        "rows": rows,
        "runs": len(runs),
        "seconds": {way: round(statistics.median(run[way] for run in runs), 2) for way in ways},
        "share_of_copy": {
            way: round(statistics.median(run["copy"] / run[way] for run in runs), 3) for way in ways
        },
        "each": [{way: round(seconds, 2) for way, seconds in run.items()} for run in runs],
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "postgresql": psql("SHOW server_version", server=True),
        "versions": {name: version(name) for name in LIBRARIES},
    }


if __name__ == "__main__":
    main()
