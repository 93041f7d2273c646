"""Who may run what, and when: one run at a time, one scheduled run a day, nothing lost with its worker."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from kombu.exceptions import OperationalError

from endpoints.storage import open_bucket
from ingestion import batches, services, work
from ingestion.leases import RunLost, claim_run, join_run, take_files
from ingestion.models import Run, RunFile
from ingestion.plan import plan_run
from ingestion.schedule import list_due_sources
from ingestion.services import deactivate
from telemetry.models import Telemetry
from tests.ingestion.conftest import START

HEADER = "date,team,requests\n"
NOW = datetime(2024, 5, 3, 2, 0, tzinfo=UTC)
State = Run.State


@pytest.fixture
def queued(monkeypatch):
    """The ids of the runs that were sent to the queue."""
    sent = []
    monkeypatch.setattr(services, "send", lambda task, *, run_id: sent.append(run_id))
    return sent


@pytest.fixture
def due(bench):
    """A telemetry that was there before today's sync was due."""
    Telemetry.objects.filter(pk=bench.telemetry.pk).update(created_at=NOW - timedelta(days=1))
    return bench


def start(now=NOW):
    return services.start_due_syncs(now=now)


def test_the_daily_sync_starts_once_a_day(due, queued, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert [start(), start(), start(NOW + timedelta(hours=3))] == [1, 0, 0]
    run = Run.objects.get()
    assert (run.scheduled_day, queued) == (date(2024, 5, 3), [run.pk])


def test_two_schedulers_at_once_start_a_daily_sync_once(due, queued, django_capture_on_commit_callbacks):
    seen_by_both = list_due_sources(now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        assert start() == 1
    stale = patch.object(services, "list_due_sources", return_value=seen_by_both)
    with stale, django_capture_on_commit_callbacks(execute=True):
        assert start() == 0
    assert queued == [Run.objects.get().pk]


def test_the_daily_sync_of_many_telemetries_takes_no_more_statements(
    due, make_bench, queued, django_assert_num_queries, django_capture_on_commit_callbacks
):
    for number in range(20):
        make_bench(metric_column=f"metric_{number}")
    Telemetry.objects.update(created_at=NOW - timedelta(days=1))
    with django_capture_on_commit_callbacks(execute=True), django_assert_num_queries(6):
        assert start() == 21  # two questions, a savepoint around one insert, and what came of it
    assert len(queued) == 21


def test_the_daily_sync_waits_for_its_time(due):
    assert start(NOW - timedelta(minutes=1)) == 1, "yesterday's is still to be made up for"
    assert Run.objects.get().scheduled_day == date(2024, 5, 2)


def test_a_new_telemetry_has_its_data_from_the_next_daily_sync(bench, queued):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n")
    Telemetry.objects.update(created_at=NOW + timedelta(hours=1))
    assert start(NOW + timedelta(hours=2)) == 0
    assert start(NOW + timedelta(days=1)) == 1
    assert work.execute_run(run_id=Run.objects.get().pk, clock=lambda: NOW)
    assert bench.points() == [("2024-05-01", "core", "5")]


def test_an_inactive_telemetry_and_an_account_without_the_beta_are_not_synced(due):
    deactivate(source=due.telemetry)
    assert start() == 0
    Telemetry.objects.update(status="active")
    due.telemetry.account.s3_csv_telemetry = False
    due.telemetry.account.save()
    assert start() == 0


def test_the_daily_sync_comes_after_a_run_that_is_going_on(due, queued):
    services.create_run(source=due.telemetry, trigger="manual", now=NOW)
    assert start() == 0
    work.execute_run(run_id=Run.objects.get().pk, clock=lambda: NOW)
    assert start() == 1


def test_asking_twice_gives_the_run_that_is_going_on(bench):
    first = services.request_sync(source=bench.telemetry, trigger="manual", now=NOW)
    assert services.request_sync(source=bench.telemetry, trigger="manual", now=NOW) == first


def test_the_database_holds_one_active_run_and_one_scheduled_run_a_day(bench):
    def create(**fields):
        with transaction.atomic():
            Run.objects.create(source=bench.telemetry, trigger="scheduled", created_at=NOW, **fields)

    create(scheduled_day=NOW.date())
    with pytest.raises(IntegrityError):
        create()
    Run.objects.update(state="succeeded", finished_at=NOW)
    with pytest.raises(IntegrityError):
        create(scheduled_day=NOW.date())


def test_an_inactive_telemetry_cannot_be_synced_until_it_is_activated_and_then_catches_up(bench, queued):
    deactivate(source=bench.telemetry)
    with pytest.raises(ValidationError, match="is inactive"):
        services.request_sync(source=bench.telemetry, trigger="manual", now=NOW)
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n")
    run = services.activate_and_catch_up(source=bench.telemetry, now=NOW)
    work.execute_run(run_id=run.pk, clock=lambda: NOW)
    assert bench.points() == [("2024-05-01", "core", "5")]


def test_a_message_delivered_twice_runs_once(bench):
    run, _ = services.create_run(source=bench.telemetry, trigger="manual", now=NOW)
    assert claim_run(run_id=run.pk, clock=lambda: NOW) is not None
    assert work.execute_run(run_id=run.pk, clock=lambda: NOW) is False
    run.refresh_from_db()
    assert run.attempts == 1


def test_a_run_that_has_ended_is_not_run_again(bench):
    run = bench.sync()
    assert work.execute_run(run_id=run.pk, clock=lambda: NOW) is False


def test_a_run_whose_worker_died_goes_on_where_it_was(bench, queued, settings, monkeypatch):
    for name in "ab":
        bench.put(f"{name}.csv", HEADER + f"2024-05-01,{name},5\n")
    run, _ = services.create_run(source=bench.telemetry, trigger="manual", now=NOW)
    die_at_second_file(run, monkeypatch)
    assert [file.state for file in run.files.order_by("key")] == ["read", "pending"]

    later = NOW + timedelta(seconds=2 * settings.RUN_HEARTBEAT_SECONDS + 1)
    assert services.recover_lost_runs(now=later) == 1
    assert work.execute_run(run_id=run.pk, clock=lambda: later)
    run.refresh_from_db()
    assert (run.state, run.attempts, run.files_read, run.points_written) == (State.SUCCEEDED, 1, 2, 2)
    assert len(bench.points()) == 2


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def die_at_second_file(run, monkeypatch):
    """Carry the run out until its second file, and no further."""
    real, calls = batches.read_file, []

    def read_file(**arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise Killed
        return real(**arguments)

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(batches, "read_file", read_file)
        work.execute_run(run_id=run.pk, clock=lambda: NOW)


def test_a_run_that_is_lost_again_and_again_ends_with_the_reason(bench, settings):
    run, _ = services.create_run(source=bench.telemetry, trigger="manual", now=NOW)
    RunFile.objects.create(run=run, key="usage/a.csv", etag="1", size=1, last_modified=NOW)
    Run.objects.update(
        state="running", attempts=settings.RUN_MAX_ATTEMPTS, lease_until=NOW - timedelta(minutes=1)
    )
    services.recover_lost_runs(now=NOW)
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "stopped unexpectedly 5 times" in run.message
    assert run.failure == "stopped"
    assert run.files.get().state == "failed"


def test_a_run_whose_message_was_lost_is_queued_again(bench, queued, django_capture_on_commit_callbacks):
    run, _ = services.create_run(source=bench.telemetry, trigger="manual", now=NOW)
    assert services.recover_lost_runs(now=NOW) == 0, "it may still be waiting for its turn"
    with django_capture_on_commit_callbacks(execute=True):
        assert services.recover_lost_runs(now=NOW + timedelta(hours=1)) == 1
    assert queued == [run.pk]


def test_whoever_lost_the_lease_stops(bench, settings):
    clock = [NOW]
    run, _ = services.create_run(source=bench.telemetry, trigger="manual", now=NOW)
    first = claim_run(run_id=run.pk, clock=lambda: clock[0])
    clock[0] += timedelta(seconds=2 * settings.RUN_HEARTBEAT_SECONDS + 1)
    assert claim_run(run_id=run.pk, clock=lambda: clock[0]) is not None
    with pytest.raises(RunLost):
        first.renew()


def test_the_telemetry_shows_its_last_sync_and_how_far_its_data_reach(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n2024-04-30,core,5\n")
    bench.sync()
    bench.telemetry.refresh_from_db()
    assert bench.telemetry.last_sync_state == State.SUCCEEDED
    assert bench.telemetry.last_sync_at == START + timedelta(minutes=1)
    assert (bench.telemetry.data_from, bench.telemetry.data_through) == (date(2024, 4, 30), date(2024, 5, 1))


def plan_two_files(bench):
    """A run of two files, planned and held by a process that has read neither."""
    for name in "ab":
        bench.put(f"{name}.csv", HEADER + f"2024-05-01,{name},5\n")
    run, _ = services.create_run(source=bench.telemetry, trigger="manual", now=NOW)
    lease = claim_run(run_id=run.pk, clock=lambda: NOW)
    plan_run(lease=lease, bucket=open_bucket(bench.telemetry.endpoint, prefix="usage/"))
    return run, lease


def test_a_helper_reads_files_that_nobody_has_taken_and_does_not_end_the_run(bench):
    run, lease = plan_two_files(bench)
    [mine] = take_files(lease=lease)
    assert work.help_run(run_id=run.pk, clock=lambda: NOW) == 1
    run.refresh_from_db()
    assert run.state == State.RUNNING
    assert [file.state for file in run.files.order_by("pk")] == ["pending", "read"]
    assert (mine.pk, take_files(lease=lease)) == (run.files.order_by("pk").first().pk, [])


def test_a_file_whose_reader_died_is_taken_by_another(bench, settings):
    run, _ = plan_two_files(bench)
    take_files(lease=join_run(run_id=run.pk, clock=lambda: NOW))
    later = NOW + timedelta(seconds=2 * settings.RUN_HEARTBEAT_SECONDS + 1)
    assert work.execute_run(run_id=run.pk, clock=lambda: later)
    run.refresh_from_db()
    assert (run.state, run.files_read) == (State.SUCCEEDED, 2)


def test_there_is_nothing_to_help_with_before_the_plan_and_after_the_end(bench):
    run, _ = services.create_run(source=bench.telemetry, trigger="manual", now=NOW)
    assert work.help_run(run_id=run.pk, clock=lambda: NOW) == 0
    work.execute_run(run_id=run.pk, clock=lambda: NOW)
    assert work.help_run(run_id=run.pk, clock=lambda: NOW) == 0


def test_a_queue_that_is_down_delays_a_run_and_breaks_nothing(bench, django_capture_on_commit_callbacks):
    def refuse(*arguments, **options):
        raise OperationalError("no broker")

    with (
        patch("celery.Celery.send_task", refuse),
        django_capture_on_commit_callbacks(execute=True),
    ):
        run = services.request_sync(source=bench.telemetry, trigger="manual", now=NOW)
    assert run.state == State.QUEUED
