"""Where the time of a sync goes, file a day and one file: `python -m bench where`."""

from __future__ import annotations

import json

from bench.report import say
from bench.world import World


def run(world: World, *, series: int, days: int) -> dict:
    world.make_files(series=series, days=days)
    found = {}
    for account in ("many", "one"):
        world.fresh()
        cost, output = world.measure_python("bench.inside", "where", account)
        found[account] = {"seconds": round(cost.seconds, 2), **json.loads(output)}
        for thread, places in found[account]["threads"].items():
            say(f"{account}, {thread}")
            for place, share in places.items():
                say(f"    {share:6.1%}  {place}")
    return found
