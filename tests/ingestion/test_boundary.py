"""What ends a run, and what does not: an exception of ours, polars' or the database's, a worker's time."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from django.core.management import call_command
from django.db import OperationalError
from polars.exceptions import PanicException

from csvfiles.read import PointReader
from endpoints.storage import open_bucket
from ingestion import batches, boundary, prefetch, services, tasks, work
from ingestion.finish import finish_run
from ingestion.leases import claim_run
from ingestion.models import Run, RunFile
from ingestion.plan import plan_run
from ingestion.services import deactivate
from telemetry.writing import PointWriter
from tests.ingestion.test_commands import run as run_command
from tests.logs import logging_to

HEADER = "date,team,requests\n"
NOW = datetime(2024, 5, 3, 2, 0, tzinfo=UTC)
State = Run.State


@pytest.fixture
def run(bench):
    for name in "abc":
        bench.put(f"{name}.csv", f"{HEADER}2024-05-01,{name},5\n")
    created, _ = services.create_run(source=bench.telemetry, trigger="manual", now=NOW)
    return created


def reading_fails(error, *, at="b.csv"):
    """Reading that file raises the error."""
    read_file = batches.read_file

    def read(**arguments):
        if arguments["run_file"].key.endswith(at):
            raise error
        return read_file(**arguments)

    return patch.object(batches, "read_file", read)


def execute(run, **options):
    ended = work.execute_run(run_id=run.pk, clock=lambda: NOW, **options)
    run.refresh_from_db()
    return ended


# --- what ends it ----------------------------------------------------------------------------------------


def test_the_run_says_what_was_read_and_where_the_log_has_more(bench, run):
    with logging_to(io.StringIO(), as_json=[True]) as log, reading_fails(ValueError("2024-05-01,a cell")):
        assert execute(run)
    assert run.state == State.FAILED
    assert "while it read usage/b.csv (ValueError, reference " in run.message
    reference = run.message.split("reference ")[1].split(")")[0]
    events = [json.loads(line) for line in log.getvalue().splitlines()]
    [event] = [event for event in events if event["event"] == "run broke"]
    assert (event["reference"], event["run"], event["error"]) == (reference, run.pk, "ValueError")
    assert any("read_file" in line or "in read" in line for line in event["where"])
    assert "a cell" not in log.getvalue() + run.message
    assert run.files.filter(state="failed").first().message == f"Not read: {run.message}"


def test_what_was_in_before_stays_and_the_next_sync_reads_the_rest(bench, run, monkeypatch):
    monkeypatch.setattr("ingestion.leases.FILES_TAKEN", 1)
    with reading_fails(ValueError()):
        execute(run)
    assert (run.state, run.files_read, run.files_failed) == (State.FAILED, 1, 2)
    assert [team for _, team, _ in bench.points()] == ["a"]
    assert not bench.telemetry.source_files.filter(state="reading").exists()
    bench.telemetry.refresh_from_db()
    assert bench.telemetry.last_sync_state == State.FAILED
    assert bench.sync().files_read == 2
    assert [team for _, team, _ in bench.points()] == ["a", "b", "c"]


@pytest.mark.parametrize("where", [(PointReader, "__iter__"), (PointWriter, "add")])
def test_a_panic_of_polars_ends_the_run_and_no_reader_waits_for_ever(run, where):
    def panic(*_args, **_options):
        raise PanicException("a cell")

    with patch.object(*where, panic):
        assert execute(run)
    assert run.state == State.FAILED
    assert "(PanicException, reference " in run.message


def test_a_reader_whose_thread_ends_without_a_word_is_not_waited_for(run):
    with patch.object(prefetch.FilePrefetch, "_run", lambda reader: None):
        assert execute(run)
    assert "(RuntimeError, reference " in run.message


def test_a_preview_that_breaks_leaves_nothing(bench):
    bench.put("a.csv", f"{HEADER}2024-05-01,a,5\n2024-05-01,a,x\n")
    with patch.object(work, "finish_staged_run", side_effect=ValueError):
        run = bench.sync(is_preview=True)
    assert run.state == State.FAILED
    assert run.message.startswith("Nothing was changed. ")
    assert not bench.telemetry.source_files.exclude(state="superseded").exists()


def test_where_its_orderly_end_breaks_as_well_the_run_has_failed_all_the_same(bench, run):
    with reading_fails(ValueError()), patch.object(boundary, "break_run", side_effect=KeyError):
        assert execute(run)
    assert (run.state, run.lease_owner) == (State.FAILED, None)
    assert run.finished_at == NOW
    assert not run.files.filter(state=RunFile.State.PENDING).exists()
    assert bench.sync().state == State.SUCCEEDED
    assert not bench.telemetry.source_files.filter(state="reading").exists()


def test_a_run_that_somebody_else_has_taken_over_is_theirs(run):
    def lose_it(**_arguments):
        Run.objects.filter(pk=run.pk).update(lease_until=NOW - timedelta(days=1))
        claim_run(run_id=run.pk, clock=lambda: NOW)
        raise ValueError

    with patch.object(batches, "read_file", lose_it):
        assert not execute(run)
    assert run.state == State.RUNNING
    assert run.message == ""


def test_a_worker_ends_it_too(run):
    with reading_fails(ValueError()):
        tasks.run_sync(run_id=run.pk)
    run.refresh_from_db()
    assert run.state == State.FAILED


# --- what does not ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [SoftTimeLimitExceeded(), KeyboardInterrupt(), SystemExit(1)])
def test_what_ends_the_process_leaves_the_run_to_be_recovered(bench, run, error):
    with reading_fails(error), pytest.raises(type(error)):
        execute(run)
    run.refresh_from_db()
    assert run.state == State.RUNNING
    later = NOW + timedelta(hours=1)
    assert services.recover_lost_runs(now=later) == 1
    assert work.execute_run(run_id=run.pk, clock=lambda: later)
    assert [team for _, team, _ in bench.points()] == ["a", "b", "c"]


def test_a_database_away_for_a_moment_leaves_a_workers_run_to_be_recovered(bench, run):
    with reading_fails(OperationalError()), pytest.raises(OperationalError):
        tasks.run_sync(run_id=run.pk)
    run.refresh_from_db()
    assert run.state == State.RUNNING
    later = run.lease_until + timedelta(hours=1)
    assert services.recover_lost_runs(now=later) == 1
    assert work.execute_run(run_id=run.pk, clock=lambda: later)
    assert [team for _, team, _ in bench.points()] == ["a", "b", "c"]


def test_where_nobody_recovers_runs_it_fails_in_words(run):
    with reading_fails(OperationalError()):
        assert execute(run)
    assert run.message.startswith("The database could not be used (OperationalError, reference ")


def test_a_helper_that_breaks_gives_its_files_back_and_the_run_goes_on(bench, run):
    lease = claim_run(run_id=run.pk, clock=lambda: NOW)
    bucket = open_bucket(bench.telemetry.endpoint, prefix=bench.telemetry.prefix)
    plan_run(lease=lease, bucket=bucket)
    with reading_fails(ValueError()):
        assert work.help_run(run_id=run.pk, clock=lambda: NOW) == 0
    run.refresh_from_db()
    assert run.state == State.RUNNING
    pending = run.files.filter(state=RunFile.State.PENDING)
    assert pending.count() == 2
    assert not pending.filter(taken_until__gte=NOW).exists()
    while work.help_run(run_id=run.pk, clock=lambda: NOW):
        pass
    finish_run(lease=lease)
    assert (lease.run.state, lease.run.files_read) == (State.SUCCEEDED, 3)
    assert [team for _, team, _ in bench.points()] == ["a", "b", "c"]


def test_one_lost_run_that_cannot_be_recovered_keeps_no_other_waiting(make_bench, run):
    other = make_bench(name="Other", metric_column="others", prefix="other/")
    second, _ = services.create_run(source=other.telemetry, trigger="manual", now=NOW)
    queue_again = services._queue_again

    def break_at_the_first(lost, now):
        if lost == run:
            raise ValueError
        return queue_again(lost, now)

    with patch.object(services, "_queue_again", break_at_the_first):
        assert services.recover_lost_runs(now=NOW + timedelta(hours=1)) == 1
    second.refresh_from_db()
    assert second.queued_at is not None


# --- the command -----------------------------------------------------------------------------------------


def test_a_telemetry_deactivated_while_others_are_synced_fails_alone(make_bench, monkeypatch):
    first, second = make_bench(name="A"), make_bench(name="B", metric_column="b", prefix="b/")
    third = make_bench(name="C", metric_column="c", prefix="c/")
    finish = work.finish_run

    def finish_and_deactivate(*, lease):
        finish(lease=lease)
        deactivate(source=second.telemetry)

    monkeypatch.setattr(work, "finish_run", finish_and_deactivate)
    result, code = run_command("sync_telemetry", "--account", "acme", "--all")
    assert code == 1
    states = {run["identifier"]: (run["state"], run["message"]) for run in result["runs"]}
    assert states == {
        "requests": ("succeeded", ""),
        "b": ("failed", "B was deactivated. Activate it to sync it again."),
        "c": ("succeeded", ""),
    }
    assert first.telemetry.runs.count() == third.telemetry.runs.count() == 1


def test_a_database_that_is_away_fails_each_telemetry_in_words(make_bench):
    make_bench()
    with patch("ingestion.management.running.create_run", side_effect=OperationalError("server gone")):
        result, code = run_command("sync_telemetry", "--account", "acme", "--all")
    [run] = result["runs"]
    assert (code, run["state"], run["files"]) == (1, "failed", [])
    assert run["message"].startswith("The database could not be used")


def test_a_person_reads_it_on_standard_error_and_never_a_traceback(bench):
    bench.put("a.csv", f"{HEADER}2024-05-01,a,5\n")
    out, err = io.StringIO(), io.StringIO()
    with reading_fails(ValueError("a cell"), at="a.csv"), pytest.raises(SystemExit):
        call_command("sync_telemetry", "requests", "--account", "acme", stdout=out, stderr=err)
    assert out.getvalue().startswith("requests: failed. ")
    assert (
        "requests: Denominator met an error that it does not know while it read usage/a.csv" in err.getvalue()
    )
    assert "Traceback" not in out.getvalue() + err.getvalue()
