"""Whatever happened before: after a sync, what is stored equals a fresh import of what the bucket has shown.

Random histories of a bucket and of syncs: whole, two at once, killed by SIGKILL before or after a commit,
meeting a failing S3 or a bucket that changes under them. After each the model looks at what counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.ingestion.disturbing import KINDS, change_under, fail, sync_twice
from tests.ingestion.killing import Killer
from tests.ingestion.world import World

FIRST = date(2024, 5, 1)
DAYS = [(FIRST + timedelta(number)).isoformat() for number in range(5)]
keys = st.sampled_from(["a.csv", "b.csv", "c.csv", "d/e.csv"])
minutes = st.integers(0, 3)  # few, so that different files and versions are often modified in the same second
teams = st.sampled_from(["core", "web"])
metrics = st.sampled_from(["1", "2.5", "0", "1e-3", "12345678901234567890.000000000000000001", "-1", "x"])
contents = st.lists(st.tuples(st.sampled_from(DAYS), teams, metrics), max_size=5)

requests = st.sampled_from(["list", "get"])


@st.composite
def windows(draw: st.DrawFn) -> list:
    """A file that states a range of dates again, as exports of 'the last days' do."""
    first = draw(st.integers(0, len(DAYS) - 2))
    last = draw(st.integers(first + 1, len(DAYS) - 1))
    return [(day, draw(teams), draw(metrics)) for day in DAYS[first : last + 1]]


class Histories(RuleBasedStateMachine):
    """The rules are what can happen; the world checks itself after each sync."""

    standin, endpoint, killer = None, None, None

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.standin, self.endpoint)

    def teardown(self) -> None:
        """However a history ends, two syncs later all is in and nothing is left to do."""
        self.world.sync()
        assert self.world.sync().files_read == 0

    # --- the bucket ---
    @rule(key=keys, rows=st.one_of(contents, windows()), minute=minutes)
    def put(self, key, rows, minute):
        self.world.put(key, rows, minute=minute)

    @precondition(lambda self: self.world.objects)
    @rule(data=st.data(), rows=contents)
    def overwrite_within_the_second(self, data, rows):
        key = data.draw(st.sampled_from(sorted(self.world.objects)))
        _, modified = self.world.objects[key]
        self.world.put(key, rows, minute=self.world.minute_of(modified))

    @precondition(lambda self: self.world.objects)
    @rule(data=st.data(), minute=minutes)
    def touch(self, data, minute):
        self.world.touch(data.draw(st.sampled_from(sorted(self.world.objects))), minute=minute)

    @rule(key=keys, minute=minutes)
    def put_what_cannot_be_read(self, key, minute):
        self.world.put(key, None, minute=minute)

    @rule(key=keys)
    def delete(self, key):
        self.world.delete(key)

    # --- the telemetry ---
    @rule(overlap=st.sampled_from(["newest", "add"]))
    def change_overlap(self, overlap):
        self.world.change_overlap(overlap)

    # --- syncs ---
    @rule()
    def sync(self):
        self.world.sync()

    @rule(overtaken=st.booleans())
    def sync_twice_at_once(self, overtaken):
        sync_twice(self.world, overtaken=overtaken)

    @rule(moment=st.integers(1, 70))
    def killed(self, moment):
        self.world.killed(self.killer, kill_at=moment)

    @rule(
        operation=st.sampled_from(["get", "get", "list", "assume"]),
        kind=st.sampled_from(KINDS),
        times=st.sampled_from([1, 2, None]),
        after_bytes=st.integers(0, 60),
    )
    def s3_fails(self, operation, kind, times, after_bytes):
        fail(self.world, operation=operation, kind=kind, times=times, after_bytes=after_bytes)

    @rule(
        key=keys, rows=contents, minute=minutes, after=st.sampled_from(["list", "get"]), broken=st.booleans()
    )
    def overwritten_under_a_sync(self, key, rows, minute, after, broken):
        world = self.world
        change_under(world, lambda: world.put(key, rows, minute=minute), after=after, broken=broken)

    @rule(key=keys, after=requests, broken=st.booleans())
    def deleted_under_a_sync(self, key, after, broken):
        change_under(self.world, lambda: self.world.delete(key), after=after, broken=broken)


@pytest.fixture
def killer(standin, transactional_db) -> Iterator[Killer]:
    with Killer() as started:
        yield started


@pytest.mark.django_db(transaction=True)
def test_every_history_converges(standin, s3_endpoint, killer):
    Histories.standin, Histories.endpoint, Histories.killer = standin, s3_endpoint, killer
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=15,
            stateful_step_count=15,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take many minutes
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
