"""How fast a sync is next to psql's \\copy of the same rows into a bare typed table.

One process and two on a file a day, one on the same rows in one file, and the same again as a re-import; each
in a new database, whole processes from outside. `startup` is what Python, Django and our settings cost alone.
"""

from __future__ import annotations

from dataclasses import replace

from bench.cost import Cost, measure, together
from bench.postgres import find_postmaster, read_cpu
from bench.report import compare, say
from bench.world import METRIC, World, database_url, psql, settle

BARE = "CREATE TABLE bare (date date, team text, environment text, feature text, requests numeric)"


def run(world: World, *, runs: int, series: int, days: int) -> dict:
    world.make_files(series=series, days=days)
    rows = series * days
    found = []
    for number in range(runs):
        found.append(measure_once(world, rows))
        say(f"sync {number + 1}/{runs}: " + describe(found[-1]))
    ways = dict.fromkeys([way for way in found[0] if way != "startup"], rows)
    return compare(found, ways, base="copy")


def measure_once(world: World, rows: int) -> dict[str, Cost]:
    world.fresh()
    costs = {"copy": copy(world)}
    world.fresh()
    costs["startup"] = measure(
        world.command("list_telemetries", "--account", "many"), environment=world.environment
    )[0]
    costs["many"] = sync(world, "many", rows=rows)
    world.fresh()
    costs["many_two"] = sync(world, "many", rows=rows, processes=2)
    world.fresh()
    costs["one"] = sync(world, "one", rows=rows)
    settle()
    costs["reimport"] = sync(world, "one", "--reimport", rows=rows)
    return costs


def copy(world: World) -> Cost:
    psql(BARE)
    source = world.bucket / "one" / "all.csv"
    command = ["psql", database_url(), "-qc", f"\\copy bare from '{source}' csv header"]
    return measure(command, environment=world.environment)[0]


def sync(world: World, account: str, *more: str, rows: int, processes: int = 1) -> Cost:
    """Until all of the processes, each asked to sync the same telemetry, have ended. Checks the points."""
    command = ("sync_telemetry", "--account", account, METRIC, *more)
    postmaster = find_postmaster()
    before = read_cpu(postmaster)
    running = [world.start(*command) for _ in range(processes)]
    try:
        costs = [process.finish() for process in running]
    finally:
        for process in running:
            process.end()
    used = read_cpu(postmaster) - before
    check_points(rows)
    return replace(together(costs), server_cpu=used)


def check_points(rows: int) -> None:
    """A measurement of something that lost a row is none."""
    sql = "SELECT sum(cardinality(series_ids)) FROM telemetry_pointblock"
    if (count := int(psql(sql) or 0)) != rows:
        raise RuntimeError(f"{count} points instead of {rows}")


def describe(costs: dict[str, Cost]) -> str:
    return ", ".join(f"{way} {cost.seconds:.2f} s" for way, cost in costs.items())
