"""One file of gigabytes: the same rate as a file of 2 million rows, in memory that does not grow with it."""

from __future__ import annotations

import shutil

from bench.report import compare, say
from bench.sync import sync
from bench.world import World

ROW_BYTES = 49
SERIES = 20_000


def run(world: World, *, runs: int, series: int, days: int, gigabytes: float) -> dict:
    many_days = make_large_file(world, gigabytes=gigabytes)
    world.make_files(series=series, days=days, kind="one")
    rows = {"one": series * days, "large": SERIES * many_days}
    found = []
    for number in range(runs):
        world.fresh()
        costs = {"one": sync(world, "one", rows=rows["one"])}
        world.fresh()
        costs["large"] = sync(world, "large", rows=rows["large"])
        found.append(costs)
        say(
            f"large {number + 1}/{runs}: "
            + ", ".join(
                f"{way} {rows[way] / cost.seconds:,.0f} rows/s at most {cost.peak_mb:.0f} MB"
                for way, cost in costs.items()
            )
        )
    return {"bytes": (world.bucket / "large" / "all.csv").stat().st_size, **compare(found, rows, base="one")}


def make_large_file(world: World, *, gigabytes: float) -> int:
    """`large/all.csv`, made once, gone with the world; the number of its days."""
    target = world.bucket / "large" / "all.csv"
    days = max(1, round(gigabytes * 10**9 / ROW_BYTES / SERIES))
    if target.exists():
        return days
    if shutil.disk_usage(world.folder).free < 4 * gigabytes * 10**9:
        raise RuntimeError(
            f"A file of {gigabytes} GB and its points want four times that free in {world.folder}"
        )
    say(f"making a file of {gigabytes} GB")
    world.python("bench.files", world.folder / "making", "--series", SERIES, "--days", days, "--kind", "one")
    target.parent.mkdir()
    (world.folder / "making" / "one" / "all.csv").rename(target)
    return days
