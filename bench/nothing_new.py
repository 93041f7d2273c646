"""A sync that finds nothing new, and one that finds a small new file, in a process that runs already."""

from __future__ import annotations

from bench.report import say
from bench.sync import sync
from bench.world import World


def run(world: World, *, series: int, days: int) -> dict:
    world.make_files(series=series, days=days, kind="many")
    world.fresh()
    sync(world, "many", rows=series * days)
    figures = world.inside("nothing-new", "many", 20)
    say(f"nothing new: {figures}")
    new = world.inside("new-files", "many", world.bucket / "many", 20)
    say(f"a new file: {new}")
    return {"files": days, **figures, "new_file": new}
