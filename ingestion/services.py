"""Asking for syncs, and seeing to it that none is lost. `ingestion.work` carries them out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from ingestion.messages import send
from ingestion.models import RunFile, SyncRun
from ingestion.selectors import get_active_run, list_due_telemetries, list_lost_runs
from telemetry.models import Telemetry
from telemetry.services import activate_telemetry

_STARTED_AT_A_TIME = 500  # telemetries whose daily sync is written down in one transaction


def request_sync(
    *,
    telemetry: Telemetry,
    trigger: str,
    now: datetime,
    requested_by: User | None = None,
    reimport: bool = False,
) -> SyncRun:
    """A run for the telemetry, on the queue: a new one, or the one that is going on.

    Raises ValidationError for an inactive telemetry.
    """
    run, created = create_run(
        telemetry=telemetry, trigger=trigger, now=now, requested_by=requested_by, reimport=reimport
    )
    if created:
        _queue(run)
    return run


def create_run(
    *,
    telemetry: Telemetry,
    trigger: str,
    now: datetime,
    requested_by: User | None = None,
    reimport: bool = False,
) -> tuple[SyncRun, bool]:
    """A queued run, or the active one in its way and False.

    The caller queues or executes it. Raises ValidationError for an inactive telemetry.
    """
    if telemetry.status != Telemetry.Status.ACTIVE:
        raise ValidationError(f"{telemetry.name} is inactive. Activate it to sync it again.")
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(
                telemetry=telemetry,
                trigger=trigger,
                requested_by=requested_by,
                reimport=reimport,
                created_at=now,
            )
    except IntegrityError:
        return get_active_run(telemetry=telemetry) or telemetry.sync_runs.latest("created_at"), False
    return run, True


def activate_and_catch_up(
    *, telemetry: Telemetry, now: datetime, requested_by: User | None = None
) -> SyncRun:
    """Sync the telemetry again, beginning now with all that came while it was inactive."""
    with transaction.atomic():
        activate_telemetry(telemetry=telemetry)
        return request_sync(
            telemetry=telemetry, trigger=SyncRun.Trigger.ACTIVATED, now=now, requested_by=requested_by
        )


def start_due_syncs(*, now: datetime) -> int:
    """Queue the daily sync of every telemetry that is due; how many. Safe to call at any time, by anyone."""
    due = list_due_telemetries(now=now)
    starts = range(0, len(due), _STARTED_AT_A_TIME)
    return sum(_start_together(due[start : start + _STARTED_AT_A_TIME], now) for start in starts)


def _start_together(due: Sequence[tuple[Telemetry, date]], now: datetime) -> int:
    """Scheduled runs in one transaction, but for those that something else has begun in the meantime."""
    wanted = [
        SyncRun(telemetry=telemetry, trigger=SyncRun.Trigger.SCHEDULED, scheduled_day=day, created_at=now)
        for telemetry, day in due
    ]
    with transaction.atomic():
        SyncRun.objects.bulk_create(wanted, ignore_conflicts=True)
        created = list(SyncRun.objects.filter(public_id__in=[run.public_id for run in wanted]).order_by("pk"))
        for run in created:
            _queue(run)
    return len(created)


def recover_lost_runs(*, now: datetime) -> int:
    """Queue again the runs whose worker or message was lost; end those lost too often. How many."""
    lost = 0
    for run in list_lost_runs(now=now):
        lost += 1
        if run.attempts >= settings.RUN_MAX_ATTEMPTS:
            _give_up(run, now)
        else:
            _queue(run)
    return lost


def _queue(run: SyncRun) -> None:
    """Send the task once the run is there for a worker to find."""
    transaction.on_commit(lambda: send("run_sync", run_id=run.pk))


def _give_up(run: SyncRun, now: datetime) -> None:
    """End a run that nobody works on; whoever took it in the meantime keeps it."""
    message = (
        f"The sync stopped unexpectedly {run.attempts} times. What it had read is kept. "
        "Look at the worker's log, then sync again."
    )
    with transaction.atomic():
        ended = SyncRun.objects.filter(pk=run.pk, state=run.state, lease_until=run.lease_until).update(
            state=SyncRun.State.FAILED, finished_at=now, message=message, lease_until=None, lease_owner=None
        )
        if ended:
            run.files.filter(state=RunFile.State.PENDING).update(
                state=RunFile.State.FAILED, message=f"Not read: {message}"
            )
            Telemetry.objects.filter(pk=run.telemetry_id).update(
                last_sync_at=now, last_sync_state=SyncRun.State.FAILED
            )
