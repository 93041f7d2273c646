"""A transaction that PostgreSQL ends for another one's sake begins again, and its run does not fail."""

from __future__ import annotations

import pytest
from django.db import OperationalError, transaction

from audit.models import Entry
from core.locks import TRIES, retry_deadlocks
from ingestion import publish, work
from ingestion.leases import claim_run
from ingestion.models import Run
from ingestion.services import create_run, deactivate
from telemetry import services

HEADER = "date,team,requests\n"


class Ended(Exception):
    """As the driver says it."""

    sqlstate = "40P01"


def deadlock() -> OperationalError:
    error = OperationalError("deadlock detected")
    error.__cause__ = Ended()
    return error


class Victim:
    """Calls `function` once it has been broken off so often."""

    def __init__(self, function=lambda: "done", *, times: int = 1, error: Exception | None = None) -> None:
        self.function, self.times, self.error, self.calls = function, times, error or deadlock(), 0
        self.__qualname__ = self.__name__ = "victim"

    def __call__(self, *args, **kwargs):
        self.calls += 1
        if self.calls <= self.times:
            raise self.error
        return self.function(*args, **kwargs)


def test_it_is_tried_again_a_few_times(transactional_db):
    assert retry_deadlocks(Victim(times=TRIES - 1))() == "done"
    with pytest.raises(OperationalError):
        retry_deadlocks(Victim(times=TRIES))()


def test_other_errors_and_transactions_around_it_are_left_to_the_caller(transactional_db):
    other = Victim(error=OperationalError("away"))
    with pytest.raises(OperationalError, match="away"):
        retry_deadlocks(other)()
    inner = Victim()
    with pytest.raises(OperationalError), transaction.atomic():
        retry_deadlocks(inner)()
    assert (other.calls, inner.calls) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_what_a_person_does_is_done_and_in_the_log_once(bench, monkeypatch):
    before = Entry.objects.count()
    monkeypatch.setattr(services, "_record_change", Victim(services._record_change))
    deactivate(source=bench.telemetry)
    bench.telemetry.refresh_from_db()
    assert bench.telemetry.status == "inactive"
    assert Entry.objects.count() == before + 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["finish_run", "plan_run", "claim_run"])
def test_a_run_goes_on_where_it_was(bench, monkeypatch, where):
    for name in "ab":
        bench.put(f"{name}.csv", HEADER + f"2024-05-01,{name},5\n")
    run, _ = create_run(source=bench.telemetry, trigger="manual", now=bench.now)
    monkeypatch.setattr(work, where, Victim(getattr(work, where)))
    assert work.execute_run(run_id=run.pk, clock=lambda: bench.now)
    run.refresh_from_db()
    assert (run.state, run.files_read) == (Run.State.SUCCEEDED, 2)
    assert bench.standin.count("get") == 2


@pytest.mark.django_db(transaction=True)
def test_a_helper_gives_back_what_it_has_taken(bench, monkeypatch):
    for name in "abcdefgh":
        bench.put(f"{name}.csv", HEADER + f"2024-05-01,{name},5\n")
    run, _ = create_run(source=bench.telemetry, trigger="manual", now=bench.now)
    lease = claim_run(run_id=run.pk, clock=lambda: bench.now)
    work.plan_run(lease=lease, bucket=work._open(lease))
    with monkeypatch.context() as patch:
        patch.setattr(publish, "record_read", Victim())
        assert work.help_run(run_id=run.pk, clock=lambda: bench.now) == 0
    assert not run.files.exclude(taken_until=None).exists()
    assert work.help_run(run_id=run.pk, clock=lambda: bench.now) == 8


@pytest.mark.django_db(transaction=True)
def test_a_run_that_meets_nothing_else_fails_by_name(bench, monkeypatch):
    run, _ = create_run(source=bench.telemetry, trigger="manual", now=bench.now)
    monkeypatch.setattr(work, "finish_run", Victim(times=99))
    assert work.execute_run(run_id=run.pk, clock=lambda: bench.now)
    run.refresh_from_db()
    assert (run.state, run.message.startswith("The database could not be used")) == ("failed", True)
