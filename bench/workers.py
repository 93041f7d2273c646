"""Two Celery workers against one, over a real Redis: from asking for a sync to the end of its run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from bench.cost import Cost, Running
from bench.report import compare, say
from bench.sync import check_points, copy
from bench.world import World

MARK = "denominator-bench"  # the key that says that what lies there is a bench's, and whose: a process id


def run(world: World, *, runs: int, series: int, days: int) -> dict:
    world.make_files(series=series, days=days)
    rows = series * days
    found, readers = [], []
    with empty_redis(world):
        for number in range(runs):
            world.fresh()
            costs = {"copy": copy(world)}
            for way, workers in (("one_worker", 1), ("two_workers", 2)):
                world.fresh()
                costs[way], readers_of_run = sync(world, workers)
                check_points(rows)
            readers.append(readers_of_run)
            found.append(costs)
            times = costs["one_worker"].seconds / costs["two_workers"].seconds
            say(f"workers {number + 1}/{runs}: two are {times:.2f} times as fast as one")
    figures = compare(found, dict.fromkeys(found[0], rows), base="copy")
    ratios = compare(found, dict.fromkeys(found[0], rows), base="one_worker")["share_of_one_worker"]
    return {**figures, "two_workers_times_one": ratios["two_workers"], "readers": readers}


def sync(world: World, workers: int) -> tuple[Cost, int]:
    """Seconds of the run, CPU and peak of the workers in their whole life, and how many read files."""
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "config",
        "worker",
        "--concurrency",
        "1",
        "-l",
        "WARNING",
    ]
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                Running([*command, "-n", f"bench-{number}@%h"], environment=world.environment)
            )
            for number in range(workers)
        ]
        done = world.inside("sync-by-workers", "many", workers)
        costs = [worker.end() for worker in running]
    used = [cost for cost in costs if cost is not None]
    cost = Cost(done["seconds"], sum(cost.cpu for cost in used), max(cost.peak_mb for cost in used))
    return cost, done["readers"]


@contextmanager
def empty_redis(world: World) -> Iterator[None]:
    """BENCH_REDIS_URL's database, which has to be empty, and is left empty."""
    url = os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379/6")
    client = redis.Redis.from_url(url)
    holder = client.get(MARK)
    if client.dbsize() and (holder is None or Path(f"/proc/{int(holder)}").exists()):
        raise RuntimeError(f"{url} is in use. Name an empty Redis database in BENCH_REDIS_URL.")
    client.flushdb()
    client.set(MARK, os.getpid())
    before = world.environment["REDIS_URL"]
    world.environment["REDIS_URL"] = url
    try:
        yield
    finally:
        world.environment["REDIS_URL"] = before
        client.flushdb()
        client.close()
