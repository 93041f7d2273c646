"""Asking for syncs, and seeing to it that none is lost. `ingestion.work` carries them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from audit.services import record
from audit.snapshots import Values
from commandline.unexpected import log_unexpected
from core.locks import retry_deadlocks
from ingestion.columns import check_known
from ingestion.finish import give_up_run
from ingestion.leases import has_got_on
from ingestion.messages import send
from ingestion.models import SyncRun
from ingestion.scope import (
    WHAT_CHANGED,
    Change,
    Scope,
    as_fields,
    check_change,
    get_change,
    get_scope,
    reason_not_to_apply,
)
from ingestion.selectors import (
    get_active_run,
    list_due_telemetries,
    list_lost_runs,
    list_runs_ahead,
)
from ingestion.sharing import REQUESTED
from telemetry.models import Telemetry
from telemetry.selectors import list_dimensions
from telemetry.services import activate_telemetry

_STARTED_AT_A_TIME = 500  # telemetries whose daily sync is written down in one transaction


def request_sync(
    *,
    telemetry: Telemetry,
    trigger: str,
    now: datetime,
    requested_by: User | None = None,
    **options: Any,
) -> SyncRun:
    """A run for the telemetry, on the queue: a new one, or the one that is going on.

    Raises ValidationError for an inactive telemetry.
    """
    run, created = create_run(
        telemetry=telemetry, trigger=trigger, now=now, requested_by=requested_by, **options
    )
    if created:
        _queue(run)
    return run


def request_run(*, telemetry: Telemetry, now: datetime, requested_by: User | None, **options: Any) -> SyncRun:
    """A run of just that (create_run's options), on the queue.

    Raises ValidationError where it cannot be, and where another run of the telemetry is going on.
    """
    run, created = create_run(
        telemetry=telemetry,
        trigger=SyncRun.Trigger.MANUAL,
        now=now,
        requested_by=requested_by,
        **options,
    )
    if not created:
        raise ValidationError("A sync of this telemetry is going on. Try again once it has ended.")
    _queue(run)
    return run


def apply_rehearsal(
    *, rehearsal: SyncRun, keeps_unreadable: bool, now: datetime, requested_by: User | None
) -> SyncRun:
    """Do what the rehearsal showed: a run of its scope and change, on the queue. Raises ValidationError."""
    if rehearsal.comparison is None:
        raise ValidationError("There is nothing to apply: the preview has not ended, or has failed.")
    if reason := reason_not_to_apply(rehearsal):
        raise ValidationError(reason)
    if rehearsal.comparison["needs_consent"] and not keeps_unreadable:
        raise ValidationError(
            "Some files cannot be read again. Agree that they keep counting with an empty value under the "
            "new dimension, or put them back and preview again."
        )
    change = get_change(rehearsal)
    return request_run(
        telemetry=rehearsal.telemetry,
        now=now,
        requested_by=requested_by,
        scope=get_scope(rehearsal),
        change=change and replace(change, keeps_unreadable=keeps_unreadable),
        rehearsal=rehearsal,
    )


@retry_deadlocks
def create_run(
    *,
    telemetry: Telemetry,
    trigger: str,
    now: datetime,
    requested_by: User | None = None,
    scope: Scope = WHAT_CHANGED,
    change: Change | None = None,
    is_rehearsal: bool = False,
    rehearsal: SyncRun | None = None,
) -> tuple[SyncRun, bool]:
    """A queued run, or the active one in its way and False.

    The caller queues or executes it. A rehearsal compares what the scope or the change would do, and leaves
    nothing behind. Raises ValidationError for an inactive telemetry, and for a change that is none.
    """
    if change is not None:
        check_change(telemetry=telemetry, change=change)
        if change.dimensions is not None:
            check_known(telemetry=telemetry, dimensions=change.dimensions)
    if telemetry.status != Telemetry.Status.ACTIVE:
        raise ValidationError(f"{telemetry.name} is inactive. Activate it to sync it again.")
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(
                telemetry=telemetry,
                trigger=trigger,
                requested_by=requested_by,
                is_rehearsal=is_rehearsal,
                rehearsal=rehearsal,
                **as_fields(scope, change),
                created_at=now,
            )
            if trigger != SyncRun.Trigger.SCHEDULED:  # by the clock: nobody did it
                record_request(run, change)
    except IntegrityError:
        return _find_in_the_way(telemetry), False
    return run, True


def _find_in_the_way(telemetry: Telemetry) -> SyncRun:
    return get_active_run(telemetry=telemetry) or telemetry.sync_runs.latest("created_at")


def record_request(run: SyncRun, change: Change | None = None) -> None:
    """Tell the audit log that somebody has asked for the run."""
    before, after = _describe_change(run.telemetry, change)
    record(
        "telemetry.sync_requested",
        account=run.telemetry.account,
        target=run.telemetry,
        before=before,
        after={"trigger": run.trigger, "rehearsal": run.is_rehearsal, **after},
    )


def _describe_change(telemetry: Telemetry, change: Change | None) -> tuple[Values, Values]:
    """What the change would replace, and by what, for the audit log."""
    before, after = {}, {}
    if change is not None and change.dimensions is not None:
        before["dimensions"] = list_dimensions(telemetry=telemetry)
        after |= {"dimensions": list(change.dimensions), "keeps_unreadable": change.keeps_unreadable}
    if change is not None and change.overlap is not None:
        before["overlap"], after["overlap"] = telemetry.overlap, change.overlap
    return before, after


@retry_deadlocks
def activate_and_catch_up(
    *, telemetry: Telemetry, now: datetime, requested_by: User | None = None
) -> SyncRun:
    """Sync the telemetry again, beginning now with all that came while it was inactive."""
    run = SyncRun(
        telemetry=telemetry, trigger=SyncRun.Trigger.ACTIVATED, requested_by=requested_by, created_at=now
    )
    with transaction.atomic():
        is_new = _insert(run)  # before the telemetry is locked (telemetry.locks)
        activate_telemetry(telemetry=telemetry)
        if not is_new:
            return _find_in_the_way(telemetry)
        record_request(run)
        _queue(run)
    return run


def _insert(run: SyncRun) -> bool:
    """False where another run of the telemetry is active."""
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def start_due_syncs(*, now: datetime) -> int:
    """Queue the daily sync of every telemetry that is due; how many. Safe to call at any time, by anyone."""
    # The clock was ahead when they began: each was a sync, and not the one of a day that is still to come.
    list_runs_ahead(now=now).update(scheduled_day=None)
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
    recovered = 0
    for run in list_lost_runs(now=now):
        try:
            recovered += _recover(run, now)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one, the others are recovered
            log_unexpected("lost run not recovered", error, run=run.pk)
    return recovered


def _recover(run: SyncRun, now: datetime) -> bool:
    """Whether this recovery, and no other at the same moment, has queued or ended the run."""
    if not _is_hopeless(run):
        return _queue_again(run, now)
    give_up_run(run=run, now=now)
    return True


def _is_hopeless(run: SyncRun) -> bool:
    if run.attempts < settings.RUN_MAX_ATTEMPTS:
        return False
    return not has_got_on(run_id=run.pk, owner=run.lease_owner)


def _queue_again(run: SyncRun, now: datetime) -> bool:
    """Send the task once more, unless another recovery has done so at the same moment."""
    mine = SyncRun.objects.filter(pk=run.pk, state=run.state, queued_at=run.queued_at)
    if not mine.update(queued_at=now):
        return False
    _queue(run)
    return True


def _queue(run: SyncRun) -> None:
    """Send the task once the run is there for a worker to find. `is_late`: the schedule has to find it."""
    is_new_request = run.trigger in REQUESTED and run.started_at is None
    task = "run_requested_sync" if is_new_request else "run_sync"

    def send_task() -> None:
        run.is_late = not send(task, run_id=run.pk)

    transaction.on_commit(send_task)
