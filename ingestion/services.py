"""Asking for syncs, and seeing to it that none is lost. `ingestion.work` carries them out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from audit.services import record
from audit.snapshots import Values
from commandline.unexpected import log_unexpected
from core.locks import retry_deadlocks
from ingestion.datasets import get_dataset
from ingestion.finish import give_up_run
from ingestion.leases import made_progress
from ingestion.locks import lock_source
from ingestion.models import Run, Source
from ingestion.queue import send
from ingestion.schedule import list_due_sources, list_runs_ahead
from ingestion.scope import WHAT_CHANGED, Scope, as_fields
from ingestion.selectors import get_active_run, list_lost_runs
from ingestion.sharing import REQUESTED

_STARTED_AT_A_TIME = 500  # sources whose daily sync is written down in one transaction


class Changeover(Protocol):
    """How a source's files are to be understood from the end of a run on, as its dataset has it."""

    reads_files: bool

    def check(self) -> None:
        """Whether it can be made, and is a change. Raises ValidationError."""

    def keep(self, run: Run) -> None:
        """Write it down, in the transaction that creates the run."""

    def describe(self) -> tuple[Values, Values]:
        """What it would replace, and by what, for the audit log."""


def request_sync(
    *,
    source: Source,
    trigger: str,
    now: datetime,
    requested_by: User | None = None,
    **options: Any,
) -> Run:
    """A run for the source, on the queue: a new one, or the one that is going on.

    Raises ValidationError for an inactive source.
    """
    run, created = create_run(source=source, trigger=trigger, now=now, requested_by=requested_by, **options)
    if created:
        _queue(run)
    return run


def request_run(*, source: Source, now: datetime, requested_by: User | None, **options: Any) -> Run:
    """A run of just that (create_run's options), on the queue.

    Raises ValidationError where it cannot be, and where another run of the source is going on.
    """
    run, created = create_run(
        source=source,
        trigger=Run.Trigger.MANUAL,
        now=now,
        requested_by=requested_by,
        **options,
    )
    if not created:
        raise ValidationError(
            f"A sync of this {get_dataset(source.kind).noun} is going on. Try again once it has ended."
        )
    _queue(run)
    return run


@retry_deadlocks
def create_run(
    *,
    source: Source,
    trigger: str,
    now: datetime,
    requested_by: User | None = None,
    scope: Scope = WHAT_CHANGED,
    changeover: Changeover | None = None,
    is_preview: bool = False,
    preview: Run | None = None,
) -> tuple[Run, bool]:
    """A queued run, or the active one in its way and False.

    The caller queues or executes it. A preview compares what the scope or the changeover would do, and leaves
    nothing behind. Raises ValidationError for an inactive source, and for a changeover that is none.
    """
    if changeover is not None:
        changeover.check()
    if source.status != Source.Status.ACTIVE:
        raise ValidationError(f"{source.name} is inactive. Activate it to sync it again.")
    try:
        with transaction.atomic():
            run = Run.objects.create(
                source=source,
                trigger=trigger,
                requested_by=requested_by,
                is_preview=is_preview,
                preview=preview,
                is_changeover=changeover is not None,
                reads_files=changeover is None or changeover.reads_files or scope != WHAT_CHANGED,
                **as_fields(scope),
                created_at=now,
            )
            if changeover is not None:
                changeover.keep(run)
            if trigger != Run.Trigger.SCHEDULED:  # by the clock: nobody did it
                record_request(run, changeover)
    except IntegrityError:
        return _find_in_the_way(source), False
    return run, True


def _find_in_the_way(source: Source) -> Run:
    return get_active_run(source=source) or source.runs.latest("created_at")


def record_request(run: Run, changeover: Changeover | None = None) -> None:
    """Tell the audit log that somebody has asked for the run."""
    before, after = changeover.describe() if changeover else ({}, {})
    record(
        f"{run.source.kind}.sync_requested",
        account=run.source.account,
        target=run.source.specific,
        before=before,
        after={"trigger": run.trigger, "preview": run.is_preview, **after},
    )


@retry_deadlocks
def activate_and_catch_up(*, source: Source, now: datetime, requested_by: User | None = None) -> Run:
    """Sync the source again, beginning now with all that came while it was inactive."""
    run = Run(source=source, trigger=Run.Trigger.ACTIVATED, requested_by=requested_by, created_at=now)
    with transaction.atomic():
        is_new = _insert(run)  # before the source is locked (ingestion.locks)
        _set_status(source, Source.Status.ACTIVE)
        if not is_new:
            return _find_in_the_way(source)
        record_request(run)
        _queue(run)
    return run


def deactivate(*, source: Source) -> None:
    """Stop syncing; the data stay."""
    _change_status(source, Source.Status.INACTIVE)


def activate(*, source: Source) -> None:
    """Sync again from the next daily sync on."""
    _change_status(source, Source.Status.ACTIVE)


@retry_deadlocks
@transaction.atomic
def _change_status(source: Source, status: str) -> None:
    _set_status(source, status)


def _set_status(source: Source, status: str) -> None:
    dataset, stored = get_dataset(source.kind), lock_source(source.pk).specific
    before = dataset.snapshot(stored)
    stored.status = source.status = status
    source.save(update_fields=["status"])
    after = dataset.snapshot(stored)
    if after != before:
        record(f"{source.kind}.changed", account=source.account, target=stored, before=before, after=after)


def _insert(run: Run) -> bool:
    """False where another run of the source is active."""
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def start_due_syncs(*, now: datetime) -> int:
    """Queue the daily sync of every source that is due; how many. Safe to call at any time, by anyone."""
    # The clock was ahead when they began: each was a sync, and not the one of a day that is still to come.
    list_runs_ahead(now=now).update(scheduled_day=None)
    due = list_due_sources(now=now)
    starts = range(0, len(due), _STARTED_AT_A_TIME)
    return sum(_start_together(due[start : start + _STARTED_AT_A_TIME], now) for start in starts)


def _start_together(due: Sequence[tuple[Source, date]], now: datetime) -> int:
    """Scheduled runs in one transaction, but for those that something else has begun in the meantime."""
    wanted = [
        Run(source=source, trigger=Run.Trigger.SCHEDULED, scheduled_day=day, created_at=now)
        for source, day in due
    ]
    with transaction.atomic():
        Run.objects.bulk_create(wanted, ignore_conflicts=True)
        created = list(Run.objects.filter(public_id__in=[run.public_id for run in wanted]).order_by("pk"))
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


def _recover(run: Run, now: datetime) -> bool:
    """Whether this recovery, and no other at the same moment, has queued or ended the run."""
    if not _is_hopeless(run):
        return _queue_again(run, now)
    give_up_run(run=run, now=now)
    return True


def _is_hopeless(run: Run) -> bool:
    if run.attempts < settings.RUN_MAX_ATTEMPTS:
        return False
    return not made_progress(run_id=run.pk, owner=run.lease_owner)


def _queue_again(run: Run, now: datetime) -> bool:
    """Send the task once more, unless another recovery has done so at the same moment."""
    mine = Run.objects.filter(pk=run.pk, state=run.state, queued_at=run.queued_at)
    if not mine.update(queued_at=now):
        return False
    _queue(run)
    return True


def _queue(run: Run) -> None:
    """Send the task once the run is there for a worker to find. `is_late`: the schedule has to find it."""
    is_new_request = run.trigger in REQUESTED and run.started_at is None
    task = "run_requested_sync" if is_new_request else "run_sync"

    def send_task() -> None:
        run.is_late = not send(task, run_id=run.pk)

    transaction.on_commit(send_task)
