"""The wizard's preview of a file of gigabytes: bytes asked of S3, and memory of a process that does it."""

from __future__ import annotations

import json
import statistics

from bench.large import make_large_file
from bench.report import say
from bench.world import World


def run(world: World, *, runs: int, gigabytes: float) -> dict:
    make_large_file(world, gigabytes=gigabytes)
    world.touch_everything()
    idle = world.measure_python("bench.inside", "nothing")[0]
    each = []
    for number in range(runs):
        before = world.counts().get("get", {"requests": 0, "bytes": 0})
        cost, output = world.measure_python("bench.inside", "preview", "large")
        after = world.counts()["get"]
        each.append(
            {
                "seconds": round(json.loads(output)["seconds"], 3),
                "requests": after["requests"] - before["requests"],
                "bytes": after["bytes"] - before["bytes"],
                "peak_mb": round(cost.peak_mb, 1),
            }
        )
        say(f"preview {number + 1}/{runs}: {each[-1]}")
    medians = {name: statistics.median(run[name] for run in each) for name in each[0]}
    return {
        "gigabytes": gigabytes,
        "runs": runs,
        **medians,
        "idle_peak_mb": round(idle.peak_mb, 1),
        "each": each,
    }
