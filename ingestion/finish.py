"""The end of a run: counts that add up, and its state."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, Sum

from core.locks import lock_rows
from ingestion.leases import Lease, held_by
from ingestion.locks import lock_source
from ingestion.models import Run, RunFile, Source, SourceFile
from ingestion.selectors import get_data_range
from ingestion.staging import discard_run
from ingestion.versions import abandon_loads
from ingestion.warnings import list_warnings

State, Failure = Run.State, Run.Failure


def finish_run(*, lease: Lease) -> None:
    """Count what the files came to and end the run. Raises RunLost."""
    run, now = lease.run, lease.clock()
    with transaction.atomic():
        lease.hold(now)
        counted = count_files(run)
        run.state = judge_run(run, counted)
        run.warnings = list_warnings(run, today=now.date())
        end_run(run, now, counted)


def fail_run(*, lease: Lease, message: str, failure: str) -> None:
    """End a run that met something that concerns all of its files. What it has read stays. Raises RunLost."""
    with lease.fence():
        _fail(lease.run, lease.clock(), message, failure)


def give_up_run(*, run: Run, now: datetime) -> None:
    """End a run that was lost too often; whoever took it up in the meantime keeps it. What was read stays."""
    kept = "" if run.is_staged else "What it had read is kept. "
    message = (
        f"The sync stopped unexpectedly {run.attempts} times in a row without getting on. "
        f"{kept}Look at the worker's log, then sync again."
    )
    with transaction.atomic():
        lost = Run.objects.filter(pk=run.pk, state=run.state, lease_owner=run.lease_owner)
        for current in lost.filter(lease_until=run.lease_until).select_for_update(of=("self",)):
            _fail(current, now, message, Failure.STOPPED)


def break_run(*, run_id: int, owner: UUID | None, now: datetime, message: str) -> bool:
    """End a run that met what nobody foresaw; False where somebody else has it, or it has ended."""
    with transaction.atomic():
        ours = Run.objects.filter(held_by(owner), pk=run_id).select_for_update(of=("self",))
        run = ours.first()
        if run is not None:
            _fail(run, now, message, Failure.STOPPED, state=State.FAILED)
    return run is not None


def _fail(run: Run, now: datetime, message: str, failure: str, *, state: str = "") -> None:
    pending = run.files.filter(state=RunFile.State.PENDING)
    lock_rows(pending)
    lock_source(run.source_id)
    reading = SourceFile.objects.filter(source_id=run.source_id, state=SourceFile.State.READING)
    half_read = list(reading.filter(key__in=pending.values("key")))
    pending.update(state=RunFile.State.FAILED, message=f"Not read: {message}")
    abandon_loads(source_files=half_read)
    counted = count_files(run)
    run.state = state or (State.INCOMPLETE if counted["files_read"] else State.FAILED)
    if run.is_staged:
        run.state, counted["points_written"] = State.FAILED, 0
        discard_run(run=run)
        message = f"Nothing was changed. {message}"
    run.message, run.failure = message, failure
    end_run(run, now, counted)


def count_files(run: Run) -> dict[str, int]:
    """Once, at a run's end: what held nothing, or was archived, was planned to be read, and is ignored."""
    found = run.files.aggregate(
        files_read=Count("pk", filter=Q(state=RunFile.State.READ)),
        files_failed=Count("pk", filter=Q(state=RunFile.State.FAILED)),
        files_ignored=Count("pk", filter=Q(state=RunFile.State.IGNORED)),
        rows_read=Sum("source_file__rows_read", filter=Q(state=RunFile.State.READ)),
        rows_rejected=Sum("source_file__rows_rejected", filter=Q(state=RunFile.State.READ)),
        points_written=Sum("source_file__points", filter=Q(state=RunFile.State.READ)),
    )
    counted = {name: number or 0 for name, number in found.items()}
    counted["files_planned"] = run.files_planned - counted["files_ignored"]
    counted["files_ignored"] += run.files_ignored
    return counted


def judge_run(run: Run, counted: dict[str, int]) -> str:
    if counted["files_failed"]:
        rest_is_in = counted["files_read"] or run.files_unchanged
        return State.INCOMPLETE if rest_is_in else State.FAILED
    return State.SUCCEEDED_WITH_REJECTS if counted["rows_rejected"] else State.SUCCEEDED


def end_run(run: Run, now: datetime, counted: dict[str, int]) -> None:
    for name, number in counted.items():
        setattr(run, name, number)
    run.finished_at, run.lease_until, run.lease_owner = now, None, None
    run.save()
    if run.is_preview or (run.is_changeover and run.state == State.FAILED):
        return  # the data are what the last sync left
    first, last = get_data_range(source=run.source)
    Source.objects.filter(pk=run.source_id).update(
        last_sync_at=now, last_sync_state=run.state, data_from=first, data_through=last
    )
