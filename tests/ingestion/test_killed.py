"""A sync killed by SIGKILL at every moment before and after a commit: the next one brings everything in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.ingestion.killing import Killer
from tests.ingestion.world import World


@pytest.fixture
def killer(standin, transactional_db) -> Iterator[Killer]:
    with Killer() as started:
        yield started


def set_scene(world: World, number: int) -> None:
    """Files that are stored, and then everything that can come next; no content that was there before."""

    def metric(place: int) -> str:
        return f"{place}.{number}"

    world.put("changed.csv", [("2024-05-01", "core", metric(1)), ("2024-05-02", "core", "2")], minute=0)
    world.put("gone.csv", [("2024-05-03", "core", metric(3))], minute=0)
    world.put("touched.csv", [("2024-05-02", "core", metric(4))], minute=1)
    world.put("spoiled.csv", [("2024-05-04", "core", metric(5))], minute=1)
    world.put("mended.csv", None, minute=1)
    world.sync()
    world.put("changed.csv", [("2024-05-02", "core", metric(6)), ("2024-05-05", "web", "x")], minute=2)
    world.put(f"new-{number}.csv", [("2024-05-02", "web", "7"), ("2024-05-02", "web", metric(7))], minute=2)
    world.put(f"_ignored-{number}.csv", [], minute=2)
    world.put("spoiled.csv", None, minute=3)
    world.put("mended.csv", [("2024-05-06", "core", metric(8))], minute=3)
    world.touch("touched.csv", minute=4)
    world.delete("gone.csv")
    world.delete(f"new-{number - 1}.csv")


@pytest.mark.django_db(transaction=True)
def test_a_sync_killed_at_any_commit_leaves_nothing_that_the_next_does_not_mend(standin, s3_endpoint, killer):
    world = World(standin, s3_endpoint)
    for moment in count(1):
        set_scene(world, moment)
        lived = world.killed(killer, kill_at=moment)
        world.sync()
        if lived:
            break
    assert moment > 40, "the scene shows too little"
