"""Who works on a run. A claim is one conditional UPDATE: zero rows means that somebody else has it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from ingestion.models import SyncRun

Clock = Callable[[], datetime]


class RunLost(Exception):
    """The lease ran out and somebody else has taken the run over."""


class Lease:
    """The right to work on a run, renewed by `renew` as the work goes on."""

    def __init__(self, run: SyncRun, owner: uuid.UUID, clock: Clock) -> None:
        self.run, self.clock = run, clock
        self._owner = owner
        self._renewed_at = clock()

    def renew(self) -> None:
        """Say that the work goes on; cheap enough for every batch. Raises RunLost."""
        now = self.clock()
        if now - self._renewed_at < timedelta(seconds=settings.RUN_HEARTBEAT_SECONDS):
            return
        self.hold(now)

    def hold(self, now: datetime) -> None:
        """Renew at once. Raises RunLost."""
        mine = SyncRun.objects.filter(pk=self.run.pk, lease_owner=self._owner, state=SyncRun.State.RUNNING)
        if not mine.update(lease_until=_end_of_lease(now)):
            raise RunLost(str(self.run.public_id))
        self._renewed_at = now


def claim_run(*, run_id: int, clock: Clock) -> Lease | None:
    """The run is ours to work on; None where somebody works on it or it has ended."""
    now, owner = clock(), uuid.uuid4()
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
    run = SyncRun.objects.select_related("telemetry__endpoint", "telemetry__account").get(pk=run_id)
    return Lease(run, owner, clock)


def _end_of_lease(now: datetime) -> datetime:
    return now + timedelta(seconds=2 * settings.RUN_HEARTBEAT_SECONDS)
