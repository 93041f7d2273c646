"""Who works on a run, and on which of its files.

A claim is one conditional UPDATE: zero rows means that somebody else has it. One process carries a run out
(it has the run's lease, plans, and ends it); others may help it by taking files.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from ingestion.models import RunFile, SyncRun

Clock = Callable[[], datetime]


class RunLost(Exception):
    """The run has ended, or its lease ran out and somebody else has taken it over."""


class Lease:
    """The right to work on a run, renewed by `renew` as the work goes on: to carry it out, or to help."""

    def __init__(self, run: SyncRun, owner: uuid.UUID, clock: Clock, *, helps: bool = False) -> None:
        self.run, self.clock, self.helps = run, clock, helps
        self.owner = owner
        self._renewed_at = clock()

    def renew(self, run_file: RunFile | None = None) -> None:
        """Say that the work goes on, and on which file; cheap enough for every batch. Raises RunLost."""
        now = self.clock()
        if now - self._renewed_at < timedelta(seconds=settings.RUN_HEARTBEAT_SECONDS):
            return
        self.hold(now)
        if run_file is not None:
            mine = RunFile.objects.filter(pk=run_file.pk, taken_by=self.owner)
            mine.update(taken_until=_end_of_lease(now))

    def hold(self, now: datetime) -> None:
        """Renew at once. Raises RunLost."""
        running = SyncRun.objects.filter(pk=self.run.pk, state=SyncRun.State.RUNNING)
        if self.helps:
            held = running.exists()
        else:
            held = running.filter(lease_owner=self.owner).update(lease_until=_end_of_lease(now))
        if not held:
            raise RunLost(str(self.run.public_id))
        self._renewed_at = now


def claim_run(*, run_id: int, clock: Clock) -> Lease | None:
    """The run is ours to carry out; None where somebody does already or it has ended."""
    now, owner = clock(), uuid.uuid4()
    before = SyncRun.objects.filter(pk=run_id).values_list("lease_owner", flat=True).first()
    free = Q(state=SyncRun.State.QUEUED) | Q(state=SyncRun.State.RUNNING, lease_until__lt=now)
    claimed = SyncRun.objects.filter(free, pk=run_id).update(
        state=SyncRun.State.RUNNING,
        lease_owner=owner,
        lease_until=_end_of_lease(now),
        attempts=F("attempts") + 1,
        started_at=Coalesce(F("started_at"), now),
    )
    if not claimed:
        return None
    if before is not None:  # it is dead, and so is its hold on a file
        RunFile.objects.filter(run_id=run_id, taken_by=before).update(taken_until=None)
    return Lease(_get_run(run_id), owner, clock)


def join_run(*, run_id: int, clock: Clock) -> Lease | None:
    """A place beside the process that carries the run out; None where there is nothing to help with."""
    open_runs = SyncRun.objects.filter(state=SyncRun.State.RUNNING, planned_at__isnull=False)
    if not open_runs.filter(pk=run_id).exists():
        return None
    return Lease(_get_run(run_id), uuid.uuid4(), clock, helps=True)


def take_file(*, lease: Lease) -> RunFile | None:
    """A file that nobody reads, now ours; None where there is none (left)."""
    now = lease.clock()
    free = _pending(lease.run).filter(Q(taken_until=None) | Q(taken_until__lt=now)).order_by("pk")
    while (run_file := free.first()) is not None:
        run_file.taken_by, run_file.taken_until = lease.owner, _end_of_lease(now)
        mine = {"taken_by": run_file.taken_by, "taken_until": run_file.taken_until}
        if free.filter(pk=run_file.pk).order_by().update(**mine):
            return run_file
    return None


def files_are_left(*, lease: Lease) -> bool:
    """Whether files wait or are being read, by anybody."""
    return _pending(lease.run).exists()


def _pending(run: SyncRun) -> QuerySet[RunFile]:
    return RunFile.objects.filter(run_id=run.pk, state=RunFile.State.PENDING)


def _get_run(run_id: int) -> SyncRun:
    return SyncRun.objects.select_related("telemetry__endpoint", "telemetry__account").get(pk=run_id)


def _end_of_lease(now: datetime) -> datetime:
    return now + timedelta(seconds=2 * settings.RUN_HEARTBEAT_SECONDS)
