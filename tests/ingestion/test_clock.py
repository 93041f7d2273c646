"""A clock that jumps a day ahead and back costs no day its sync, and no run a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from celery import Celery
from celery.schedules import schedule

from config import queue
from config.beat import Scheduler
from ingestion import services, work
from ingestion.leases import claim_run
from ingestion.models import Run
from ingestion.selectors import list_lost_runs
from telemetry.models import Telemetry

NOW = datetime(2024, 5, 3, 2, 0, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def due(bench, monkeypatch):
    """A telemetry that was there before today's sync was due."""
    monkeypatch.setattr(services, "send", lambda task, *, run_id: None)
    Telemetry.objects.filter(pk=bench.telemetry.pk).update(created_at=NOW - DAY)
    return bench


def start(now):
    """How many daily syncs begin; each ends at once."""
    started = services.start_due_syncs(now=now)
    for run in Run.objects.filter(state="queued"):
        assert work.execute_run(run_id=run.pk, clock=lambda: now)
    return started


@pytest.mark.parametrize("jump", [DAY, DAY + 8 * timedelta(hours=1), 3 * DAY])
def test_a_day_that_a_fast_clock_has_synced_already_is_synced_when_it_comes(due, jump):
    assert start(NOW) == 1
    assert start(NOW + jump) == 1
    assert [start(NOW + minute * MINUTE) for minute in (1, 2)] == [0, 0]
    assert [start(NOW + DAY), start(NOW + DAY + MINUTE)] == [1, 0]
    assert [start(NOW + 2 * DAY), start(NOW + 3 * DAY), start(NOW + 3 * DAY + MINUTE)] == [1, 1, 0]
    days = Run.objects.exclude(scheduled_day=None).values_list("scheduled_day", flat=True)
    assert sorted(days) == [date(2024, 5, day) for day in (3, 4, 5, 6)]


def test_it_is_synced_too_where_nobody_asked_between_the_jump_back_and_the_days_hour(due):
    assert start(NOW + DAY + 8 * timedelta(hours=1)) == 1
    assert [start(NOW + DAY), start(NOW + DAY + MINUTE)] == [1, 0]


def test_a_clock_that_was_slow_costs_one_sync_more_and_skips_none(due):
    assert [start(NOW), start(NOW - DAY), start(NOW + MINUTE), start(NOW + DAY)] == [1, 1, 1, 1]


def test_a_lease_from_a_fast_clock_holds_nobody_up(due):
    services.start_due_syncs(now=NOW + DAY)
    run = Run.objects.get()
    assert claim_run(run_id=run.pk, clock=lambda: NOW + DAY) is not None  # and its worker dies
    assert list_lost_runs(now=NOW) == [run]
    assert work.execute_run(run_id=run.pk, clock=lambda: NOW)


def test_a_lost_message_of_a_fast_clock_is_sent_again_at_once(due):
    services.start_due_syncs(now=NOW + DAY)
    run = Run.objects.get()
    assert list_lost_runs(now=NOW) == [run]
    Run.objects.update(queued_at=NOW + DAY)
    assert list_lost_runs(now=NOW) == [run]


class Beat(Scheduler):
    """A scheduler in memory, with a clock of ours, that keeps what it sends."""

    def setup_schedule(self):
        self._store, self.sent = {"entries": {}}, []
        self.merge_inplace(self.app.conf.beat_schedule)

    def apply_entry(self, entry, producer=None):
        self.sent.append(entry.name)

    def send_all(self) -> list[str]:
        """What is sent until there is nothing to do."""
        self.sent = []
        while self.tick() == 0:
            pass
        return self.sent


class Clock:
    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def beat(monkeypatch):
    """With the clock, which every entry reads; what it notes of itself is tests/test_redis_away.py's."""
    monkeypatch.setattr("config.beat.heartbeats.note_alive", lambda **_given: None)
    app, clock = Celery("tests", set_as_current=False), Clock()
    every = {name: entry["schedule"] for name, entry in queue.beat_schedule.items()}
    app.conf.beat_schedule = {
        name: {"task": "t", "schedule": schedule(seconds, nowfun=clock, app=app)}
        for name, seconds in every.items()
    }
    beat = Beat(app=app, lazy=False)
    beat.clock = clock
    return beat


def test_the_scheduler_goes_on_a_minute_after_the_clock_was_put_back(beat):
    minutely = {"daily sync", "recover lost runs", "send pending"}
    beat.send_all()
    beat.clock.now = NOW + DAY
    assert set(beat.send_all()) >= minutely
    beat.clock.now = NOW + MINUTE
    beat.send_all()
    beat.clock.now = NOW + 2 * MINUTE
    assert set(beat.send_all()) == minutely
    beat.clock.now = NOW + 3 * MINUTE
    assert set(beat.send_all()) == minutely
