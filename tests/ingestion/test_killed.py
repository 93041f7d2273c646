"""A sync killed by SIGKILL at every moment before and after a commit: the next one brings everything in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ingestion.killing import Killer
from tests.ingestion.world import World


@pytest.fixture
def killer(standin, transactional_db) -> Iterator[Killer]:
    with Killer() as started:
        yield started


def set_scene(world: World) -> None:
    """A telemetry that has synced, and whose bucket has gone on since in every way there is."""
    world.put("changed.csv", [("2024-05-01", "core", "1"), ("2024-05-02", "core", "2")], minute=0)
    world.put("gone.csv", [("2024-05-03", "core", "3")], minute=0)
    world.put("touched.csv", [("2024-05-02", "core", "4")], minute=1)
    world.put("spoiled.csv", [("2024-05-04", "core", "5")], minute=1)
    world.put("mended.csv", None, minute=1)
    world.sync()
    world.put("changed.csv", [("2024-05-02", "core", "6"), ("2024-05-05", "web", "x")], minute=2)
    world.put("new.csv", [("2024-05-02", "web", "7"), ("2024-05-02", "web", "7")], minute=2)
    world.put("_ignored.csv", [], minute=2)
    world.put("spoiled.csv", None, minute=3)
    world.put("mended.csv", [("2024-05-06", "core", "8")], minute=3)
    world.touch("touched.csv", minute=4)
    world.delete("gone.csv")


@pytest.mark.django_db(transaction=True)
def test_a_sync_killed_at_any_commit_leaves_nothing_that_the_next_does_not_mend(standin, s3_endpoint, killer):
    whole = World(standin, s3_endpoint)
    set_scene(whole)
    moments = whole.killed(killer, kill_at=0)
    assert moments > 20, "the scene shows too little"
    for moment in range(1, moments + 1):
        world = World(standin, s3_endpoint)
        set_scene(world)
        world.killed(killer, kill_at=moment)
        world.sync()
