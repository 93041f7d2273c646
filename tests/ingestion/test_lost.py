"""Runs whose worker or message was lost, whose time is up, or whose telemetry goes away under them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from ingestion import batches, services, work
from ingestion.leases import claim_run
from ingestion.models import Run, RunFile
from ingestion.services import deactivate

HEADER = "date,team,requests\n"
NOW = datetime(2024, 5, 3, 2, 0, tzinfo=UTC)
State = Run.State


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


@pytest.fixture
def sent(monkeypatch):
    """The messages, as (task, run)."""
    messages = []
    for module in (services, work):
        monkeypatch.setattr(module, "send", lambda task, *, run_id: messages.append((task, run_id)))
    return messages


@pytest.fixture
def clock():
    """Seconds pass with every look at it."""

    class Clock:
        now = NOW

        def __call__(self) -> datetime:
            self.now += timedelta(seconds=1)
            return self.now

        def leave(self) -> None:
            """Let a lease run out."""
            self.now += timedelta(hours=1)

    return Clock()


def put_files(bench, names="abcde"):
    for name in names:
        bench.put(f"{name}.csv", HEADER + f"2024-05-01,{name},5\n")
    run, _ = services.create_run(source=bench.telemetry, trigger="manual", now=NOW)
    return run


def die_at(condition):
    """Whoever reads a file of which `condition` says so dies."""
    real = batches.read_file

    def read_file(**arguments):
        if condition(arguments["run_file"]):
            raise Killed
        return real(**arguments)

    return patch.object(batches, "read_file", read_file)


def carry_on(run, clock):
    """What reconciler and workers do, death after death, until the run ends; how often it was taken up."""
    for attempt in range(1, 40):
        try:
            work.execute_run(run_id=run.pk, clock=clock)
        except Killed:
            clock.leave()
        services.recover_lost_runs(now=clock())
        run.refresh_from_db()
        if run.finished_at:
            return attempt
    raise AssertionError("it never ends")


def test_a_run_that_gets_on_is_taken_up_as_often_as_it_dies(bench, clock, settings):
    settings.RUN_MAX_ATTEMPTS = 2
    run = put_files(bench)
    seen = []

    def is_the_second_of_an_attempt(run_file):
        seen.append(run_file)
        return len(seen) % 2 == 0

    with die_at(is_the_second_of_an_attempt):
        assert carry_on(run, clock) > settings.RUN_MAX_ATTEMPTS
    assert (run.state, run.files_read) == (State.SUCCEEDED, 5)


def test_a_file_that_kills_every_reader_fails_alone(bench, clock, settings):
    run = put_files(bench)
    with die_at(lambda run_file: run_file.key.endswith("b.csv")):
        carry_on(run, clock)
    assert (run.state, run.files_read, run.files_failed, run.rows_read) == (State.INCOMPLETE, 4, 1, 4)
    assert run.files.get(state=RunFile.State.FAILED).message.startswith(
        f"Not read: The sync stopped unexpectedly {settings.RUN_MAX_ATTEMPTS} times in a row"
    )
    assert not bench.telemetry.source_files.filter(state="reading").exists()
    assert [point[1] for point in bench.points()] == ["a", "c", "d", "e"]


def test_a_run_hands_itself_on_when_its_turn_is_over(bench, clock, sent):
    run = put_files(bench)
    turns = 1
    while not work.execute_run(run_id=run.pk, clock=clock, turn=timedelta(0)):
        turns += 1
        assert sent.pop() == ("run_sync", run.pk)
    run.refresh_from_db()
    assert (turns, run.state, run.files_read) == (6, State.SUCCEEDED, 5), "five files, and the end"
    assert run.attempts == 1, "a turn that was over is no attempt that failed"


def test_runs_that_wait_for_hours_get_few_messages_and_a_lost_one_is_sent_within_the_hour(
    bench, sent, django_capture_on_commit_callbacks
):
    run = put_files(bench)
    with django_capture_on_commit_callbacks(execute=True):
        times = [
            minute
            for minute in range(5 * 60)
            if services.recover_lost_runs(now=NOW + timedelta(minutes=minute, seconds=1))
        ]
    assert sent == [("run_requested_sync", run.pk)] * len(times)
    assert times == [1, 3, 7, 15, 31, 63, 123, 183, 243]


def test_a_run_lost_after_it_had_waited_is_queued_again_at_once(bench, sent, clock):
    run = put_files(bench)
    Run.objects.filter(pk=run.pk).update(queued_at=NOW - timedelta(hours=2))
    claim_run(run_id=run.pk, clock=clock)
    clock.leave()
    assert services.recover_lost_runs(now=clock()) == 1
    assert services.recover_lost_runs(now=clock()) == 0


def test_two_recoveries_at_once_send_one_message(bench, sent, django_capture_on_commit_callbacks):
    put_files(bench)
    later = NOW + timedelta(hours=1)
    [seen_by_one], [seen_by_other] = (services.list_lost_runs(now=later) for _ in range(2))
    with django_capture_on_commit_callbacks(execute=True):
        assert services._queue_again(seen_by_one, later)
        assert not services._queue_again(seen_by_other, later)
    assert len(sent) == 1


def test_a_telemetry_deactivated_while_its_run_is_queued_is_not_read(bench, clock, standin):
    run = put_files(bench)
    deactivate(source=bench.telemetry)
    assert work.execute_run(run_id=run.pk, clock=clock)
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.message == "API requests was deactivated. Activate it to sync it again."
    assert run.failure == "inactive"
    assert standin.count("list") == 0
