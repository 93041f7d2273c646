"""Asking for syncs, and seeing to it that none is lost. `ingestion.work` carries them out."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from audit.services import record
from ingestion.messages import send
from ingestion.models import RunFile, SyncRun
from ingestion.selectors import get_active_run, list_due_telemetries, list_lost_runs
from telemetry.models import Telemetry
from telemetry.services import activate_telemetry


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
    scheduled_day: date | None = None,
) -> tuple[SyncRun, bool]:
    """A queued run, or the one in its way (active, or of the same scheduled day) and False.

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
                scheduled_day=scheduled_day,
                created_at=now,
            )
            if trigger != SyncRun.Trigger.SCHEDULED:  # by the clock: nobody did it
                after = {"trigger": trigger, "reimport": reimport}
                record("telemetry.sync_requested", account=telemetry.account, target=telemetry, after=after)
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
    started = 0
    for telemetry, day in list_due_telemetries(now=now):
        run, created = create_run(
            telemetry=telemetry, trigger=SyncRun.Trigger.SCHEDULED, now=now, scheduled_day=day
        )
        if created:
            started += 1
            _queue(run)
    return started


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
