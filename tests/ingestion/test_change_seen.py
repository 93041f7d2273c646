"""Whoever reads while a telemetry changes over sees all of the old or all of the new, in the same read."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from core.snapshot import snapshot
from ingestion.scope import EVERYTHING
from telemetry.models import DailyTotal, Telemetry
from telemetry.selectors import list_dimensions, list_points

pytestmark = pytest.mark.django_db(transaction=True)
HEADER = "date,team,env,requests\n"


def read(telemetry_id: int) -> tuple:
    """All that a page or an export shows, asked for in several statements."""
    with snapshot():
        telemetry = Telemetry.objects.get(pk=telemetry_id)
        points = [(p.date.day, *p.dimensions, p.value) for p in list_points(telemetry=telemetry)]
        totals = DailyTotal.objects.filter(telemetry=telemetry)
        return (
            tuple(list_dimensions(telemetry=telemetry)),
            telemetry.overlap,
            tuple(points),
            tuple(sorted(totals.values_list("dimension", "date", "dimension_value", "value"))),
        )


def elsewhere(function: Any, *arguments: Any) -> Any:
    """What the function returns in another thread, with a connection of its own."""
    found = []

    def work() -> None:
        try:
            found.append(function(*arguments))
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]


@pytest.fixture
def bench(make_bench):
    bench = make_bench(dimensions=["team"])
    bench.put("a.csv", HEADER + "2024-05-01,core,prod,5\n2024-05-01,core,dev,1\n2024-05-02,core,dev,1\n")
    bench.put("b.csv", HEADER + "2024-05-01,core,prod,7\n2024-05-03,web,prod,2\n", minutes=90)
    bench.put("gone.csv", HEADER + "2024-04-30,core,prod,3\n")
    bench.sync()
    bench.delete("gone.csv")
    return bench


@pytest.fixture
def seen(bench, monkeypatch):
    """What another connection reads before and after every commit of this thread."""
    found, writer = [], threading.get_ident()
    commit = BaseDatabaseWrapper._commit

    def watched(self: BaseDatabaseWrapper) -> None:
        watches = threading.get_ident() == writer and not connection.needs_rollback
        if watches:
            found.append(elsewhere(read, bench.telemetry.pk))
        commit(self)
        if watches:
            found.append(elsewhere(read, bench.telemetry.pk))

    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", watched)
    return found


@pytest.mark.parametrize(
    "change",
    [
        {"dimensions": ("team", "env"), "keeps_unreadable": True},
        {"dimensions": ()},
        {"overlap": "add"},
        {"dimensions": ("env",), "overlap": "add", "keeps_unreadable": True},
    ],
)
def test_at_every_commit_readers_see_all_old_or_all_new(bench, seen, change):
    old = read(bench.telemetry.pk)
    bench.sync(change=change)
    new = read(bench.telemetry.pk)
    assert old != new
    states = [{old: "old", new: "new"}.get(state, "mixture") for state in seen]
    assert "mixture" not in states
    assert states == sorted(states, reverse=True), "never back from the new to the old"
    assert (states[0], states[-1]) == ("old", "new")


def test_a_preview_is_never_seen(bench, seen):
    old = read(bench.telemetry.pk)
    bench.sync(change={"dimensions": ("env",), "overlap": "add"}, is_preview=True)
    assert set(seen) == {old}


def test_an_import_of_the_same_again_is_never_seen(bench, seen):
    old = read(bench.telemetry.pk)
    bench.sync(scope=EVERYTHING)
    assert len(seen) > 4
    assert set(seen) == {old}


def test_reads_of_one_moment_do_not_notice_a_change_between_them(bench):
    telemetry = Telemetry.objects.get()
    with snapshot():
        columns = list_dimensions(telemetry=telemetry)
        elsewhere(lambda: bench.sync(change={"dimensions": ("team", "env"), "keeps_unreadable": True}))
        assert len(next(iter(list_points(telemetry=telemetry))).dimensions) == len(columns) == 1
    assert list_dimensions(telemetry=telemetry) == ["team", "env"]


def test_a_moment_within_a_moment_is_the_same(bench):
    with snapshot(), snapshot():
        assert Telemetry.objects.count() == 1
    bench.sync()
