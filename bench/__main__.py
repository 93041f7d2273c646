"""Measurements on one machine: `python -m bench [WHAT …]`.

    python -m bench                             sync workers large preview nothing-new unchanged pages where
    python -m bench peers [--only naive,dlt]    other ways to load the same files
    python -m bench long-values                 pages of 181 values of a megabyte
    python -m bench scale [--points 100000000]  a year of 10,000 telemetries
    python -m bench table                       the newest figures
    python -m bench document                    the same, into docs/performance.md

A measurement interleaves its ways, `--runs` times (five), and writes medians to bench/results/. It takes
PostgreSQL from BENCH_DATABASE_URL and Redis from BENCH_REDIS_URL, and removes the databases that it made.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench import (
    large,
    long_values,
    nothing_new,
    pages,
    peers,
    preview,
    report,
    scale,
    sync,
    table,
    where,
    workers,
)
from bench.world import World, open_world

Measurement = Callable[[World, argparse.Namespace], dict]

MEASUREMENTS: dict[str, Measurement] = {
    "sync": lambda world, o: sync.run(world, runs=o.runs, series=o.series, days=o.days),
    "workers": lambda world, o: workers.run(world, runs=o.runs, series=o.series, days=o.days),
    "large": lambda world, o: large.run(
        world, runs=o.runs, series=o.series, days=o.days, gigabytes=o.gigabytes
    ),
    "preview": lambda world, o: preview.run(world, runs=o.runs, gigabytes=o.gigabytes),
    "nothing-new": lambda world, o: nothing_new.run(world, series=o.series, days=o.days),
    "long-values": lambda world, o: long_values.run(world),
    "pages": lambda world, o: pages.run(world, telemetries=o.telemetries, points=o.points or 10_000_000),
    "peers": lambda world, o: peers.run(
        world, runs=o.runs, series=o.series, days=o.days, only=o.only.split(",") if o.only else None
    ),
    "where": lambda world, o: where.run(world, series=o.series, days=o.days),
    "scale": lambda world, o: scale.run(world, telemetries=o.telemetries * 10, points=o.points or 20_000_000),
}
USUAL = ("sync", "workers", "large", "preview", "nothing-new", "unchanged", "pages", "where")
UNCHANGED = Path(__file__).parent / "unchanged.py"


def main() -> None:
    options = _parse()
    what = list(dict.fromkeys(options.what)) or list(USUAL)
    if what == ["table"]:
        print(table.make_table())
        return
    if what == ["document"]:
        table.write_document()
        return
    if "unchanged" in what:
        what.remove("unchanged")
        _measure_unchanged()
    failed = []
    if what:
        with open_world(telemetries=("many", "one", "large", "long")) as world:
            for name in what:
                report.say(f"--- {name}")
                try:
                    report.write(name, MEASUREMENTS[name](world, options))
                except Exception as error:  # noqa: BLE001 - the other measurements are still worth having
                    report.say(f"{name} failed: {error}")
                    failed.append(name)
    print(table.make_table())
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [*MEASUREMENTS, "unchanged", "table", "document"]
    # argparse looks for the empty list, too, among the choices.
    parser.add_argument("what", nargs="*", choices=[*names, []], metavar="WHAT")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--series", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=100)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--telemetries", type=int, default=1_000, help="in pages; scale: ten times that")
    parser.add_argument("--points", type=int, help="of one telemetry, in pages and scale")
    parser.add_argument("--only", help="some of the peers, by name, with commas between")
    return parser.parse_args()


def _measure_unchanged() -> None:
    """It has a world of its own: objects that need no files."""
    if not UNCHANGED.exists():
        report.say("unchanged: there is no bench/unchanged.py")
    elif subprocess.run([sys.executable, "-m", "bench.unchanged"], check=False).returncode:
        report.say("unchanged failed")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # everything has been put away by then
        sys.exit(130)
