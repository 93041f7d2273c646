"""Two Celery workers against one, over a real Redis: from asking for a sync to the end of its run.

Once as they come, sharing what cores there are with PostgreSQL and the stand-in; and once each held to a part
of a core, so that on two cores the others are never short of one: as on a machine of more and slower cores.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from bench.cost import Cost, Running
from bench.report import compare, say
from bench.slowed import can_hold, core_of
from bench.sync import check_points, copy
from bench.world import World

HELD_TO = 0.4  # of a core: two workers leave more than one core to PostgreSQL and the stand-in
MARK = "denominator-bench"  # the key that says that what lies there is a bench's, and whose: a process id


def run(world: World, *, runs: int, series: int, days: int) -> dict:
    world.make_files(series=series, days=days)
    rows = series * days
    found, readers = [], []
    ways: dict[str, tuple[int, float | None]] = {"one_worker": (1, None), "two_workers": (2, None)}
    if can_hold():
        ways |= {"one_held": (1, HELD_TO), "two_held": (2, HELD_TO)}
    else:
        say("workers: no cgroups here to hold workers to a part of a core")
    with empty_redis(world):
        for number in range(runs):
            world.fresh()
            costs = {"copy": copy(world)}
            for way, (workers, share) in ways.items():
                world.fresh()
                costs[way], readers_of_run = sync(world, workers, share)
                check_points(rows)
                readers.append(readers_of_run)
            found.append(costs)
            seconds = ", ".join(f"{way} {cost.seconds:.2f} s" for way, cost in costs.items())
            say(f"workers {number + 1}/{runs}: {seconds}")
    figures = compare(found, dict.fromkeys(found[0], rows), base="copy")
    times = {}
    for two, one in (("two_workers", "one_worker"), ("two_held", "one_held")):
        if one in ways:
            shares = compare(found, dict.fromkeys(found[0], rows), base=one)[f"share_of_{one}"]
            times[f"{two}_times_one"] = shares[two]
    return {**figures, **times, "readers": readers, "held_to": HELD_TO}


def sync(world: World, workers: int, share: float | None) -> tuple[Cost, int]:
    """Seconds of the run, CPU and peak of the workers in their whole life, and how many read files.

    `share`: of a core, for each worker; as much as there is where it is None.
    """
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
        running = []
        for number in range(workers):
            held = stack.enter_context(core_of(share, name=str(number))) if share else []
            own = [*held, *command, "-n", f"bench-{number}@%h"]
            running.append(stack.enter_context(Running(own, environment=world.environment)))
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
