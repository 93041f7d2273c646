"""Who works on a run, and on which of its files.

A claim is one conditional UPDATE: zero rows means that somebody else has it. One process carries a run out
(it has the run's lease, plans, and ends it); others may help it by taking files.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import accumulate

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from core.locks import lock_rows
from ingestion.models import Run, RunFile, RunHelper
from ingestion.selectors import is_over
from ingestion.sharing import is_wanted_elsewhere

Clock = Callable[[], datetime]

ASKED_EVERY = timedelta(seconds=1)  # whether another account waits, at the most
# What a process takes at once, to make it count in one transaction.
FILES_TAKEN = 16
BYTES_TAKEN = 16 * 2**20


class RunLost(Exception):
    """The run has ended, or its lease ran out and somebody else has taken it over."""


class TimeSliceExpired(RunLost):
    """This process has worked on the run for long enough: it is somebody else's turn."""


class Lease:
    """The right to work on a run, renewed by `renew` as the work goes on: to carry it out, or to help.

    `turn`: after how long to let go of it between two files; never where it is None.
    """

    def __init__(
        self,
        run: Run,
        owner: uuid.UUID,
        clock: Clock,
        *,
        helps: bool = False,
        turn: timedelta | None = None,
    ) -> None:
        self.run, self.clock, self.helps = run, clock, helps
        self.owner = owner
        self._renewed_at = clock()
        self._turn_ends = self._renewed_at + turn if turn is not None else None
        short = timedelta(seconds=0 if helps else settings.RUN_SHORT_TURN_SECONDS)
        self._asks_at = self._renewed_at + short  # whether another account waits

    def renew(self) -> None:
        """Say that the work goes on; cheap enough for every batch. Raises RunLost."""
        now = self.clock()
        if now - self._renewed_at < timedelta(seconds=settings.RUN_HEARTBEAT_SECONDS):
            return
        self.hold(now)
        _hold_files(_pending(self.run).filter(taken_by=self.owner), until=_end_of_lease(now))

    def hold(self, now: datetime) -> None:
        """Renew at once. Raises RunLost."""
        running = Run.objects.filter(pk=self.run.pk, state=Run.State.RUNNING)
        if self.helps:
            held: bool | int = running.exists()
            RunHelper.objects.filter(owner=self.owner).update(until=_end_of_lease(now))
        else:
            held = running.filter(lease_owner=self.owner).update(lease_until=_end_of_lease(now))
        if not held:
            raise RunLost(str(self.run.public_id))
        self._renewed_at = now

    def check_turn(self) -> None:
        """Raise TimeSliceExpired where the time for this process is up, or another account is to have it."""
        if self._turn_ends is None:
            return
        now = self.clock()
        if now >= self._turn_ends:
            raise TimeSliceExpired(str(self.run.public_id))
        if now < self._asks_at:
            return
        self._asks_at = now + ASKED_EVERY
        account_id = self.run.source.account_id
        if is_wanted_elsewhere(account_id=account_id, helps=self.helps, now=now):
            raise TimeSliceExpired(str(self.run.public_id))

    @contextmanager
    def fence(self) -> Iterator[None]:
        """A transaction in which nobody can take the run over. Raises RunLost where somebody has.

        A worker that was only slow does not know that it was taken for dead: what it writes from an old
        listing must not come after what its successor has written.
        """
        with transaction.atomic():
            self.hold(self.clock())
            yield


def claim_run(
    *, run_id: int, clock: Clock, turn: timedelta | None = None, owner: uuid.UUID | None = None
) -> Lease | None:
    """The run is ours to carry out; None where somebody does already or it has ended.

    `attempts` counts those in a row without progress: a run over a huge bucket may take many. `owner` is
    who we are, for a caller that has to know it whatever happens here.
    """
    now, owner = clock(), owner or uuid.uuid4()
    before = Run.objects.filter(pk=run_id).values_list("lease_owner", flat=True).first()
    progressed = before is not None and made_progress(run_id=run_id, owner=before)
    free = Q(state=Run.State.QUEUED) | Q(is_over("lease_until", now), state=Run.State.RUNNING)
    claimed = Run.objects.filter(free, pk=run_id).update(
        state=Run.State.RUNNING,
        lease_owner=owner,
        lease_until=_end_of_lease(now),
        attempts=1 if progressed else F("attempts") + 1,
        started_at=Coalesce(F("started_at"), now),
    )
    if not claimed:
        return None
    if before is not None:  # it is dead, and so is its hold on a file
        held = RunFile.objects.filter(run_id=run_id, taken_by=before, taken_until__gte=now)
        _hold_files(held, until=now - timedelta(seconds=1))
    return Lease(_get_run(run_id), owner, clock, turn=turn)


def held_by(owner: uuid.UUID | None) -> Q:
    """Runs that this owner carries out, or that nobody has taken up."""
    return Q(state=Run.State.QUEUED) | Q(state=Run.State.RUNNING, lease_owner=owner)


def made_progress(*, run_id: int, owner: uuid.UUID | None) -> bool:
    """Whether this owner of the run's lease has brought a file of it to its end."""
    taken = RunFile.objects.filter(run_id=run_id, taken_by=owner)
    return taken.exclude(state=RunFile.State.PENDING).exists()


def yield_run(*, lease: Lease) -> None:
    """Let go of a run, so that anybody may take it up where it is, and at once."""
    _hold_files(_pending(lease.run).filter(taken_by=lease.owner), until=None)
    mine = Run.objects.filter(pk=lease.run.pk, state=Run.State.RUNNING, lease_owner=lease.owner)
    mine.update(lease_until=lease.clock(), attempts=0)  # nothing has failed


def release_run(*, run_id: int, owner: uuid.UUID, now: datetime) -> None:
    """Leave a run that this owner carries out as a dead worker leaves it, for whoever claims it next."""
    mine = Run.objects.filter(pk=run_id, state=Run.State.RUNNING, lease_owner=owner)
    mine.update(lease_until=now - timedelta(seconds=1))


def give_back(*, lease: Lease) -> None:
    """Let anybody read the files that a helper had taken and not begun."""
    _hold_files(_pending(lease.run).filter(taken_by=lease.owner), until=None)


def let_go(*, lease: Lease) -> None:
    """Give back the files of a helper that broke, as those of one that died: one may be what it broke on."""
    past = lease.clock() - timedelta(seconds=1)
    _hold_files(_pending(lease.run).filter(taken_by=lease.owner), until=past)


def join_run(*, run_id: int, clock: Clock, turn: timedelta | None = None) -> Lease | None:
    """A place beside the process that carries the run out; None where there is nothing to help with."""
    open_runs = Run.objects.filter(state=Run.State.RUNNING, planned_at__isnull=False)
    if not open_runs.filter(pk=run_id).exists():
        return None
    now = clock()
    if turn is not None and count_helpers(run_id=run_id, now=now) >= settings.RUN_HELPERS:
        return None  # a worker that a message brought; a command is always welcome
    helper = RunHelper.objects.create(run_id=run_id, owner=uuid.uuid4(), until=_end_of_lease(now))
    return Lease(_get_run(run_id), helper.owner, clock, helps=True, turn=turn)


def leave_run(*, lease: Lease) -> None:
    """The helper has gone, and with it what is left of dead ones."""
    gone = Q(owner=lease.owner) | is_over("until", lease.clock())
    RunHelper.objects.filter(gone, run_id=lease.run.pk).delete()


def count_helpers(*, run_id: int, now: datetime) -> int:
    """How many processes help the run."""
    return RunHelper.objects.filter(run_id=run_id).exclude(is_over("until", now)).count()


def take_files(*, lease: Lease) -> list[RunFile]:
    """The next files that nobody reads, now ours: one large or a few small ones; none where none is left.

    Those whose reader died come last, and one at a time: one of them may be what it died of.
    """
    now = lease.clock()
    free = _pending(lease.run).filter(Q(taken_until=None) | is_over("taken_until", now))
    free = free.order_by(F("taken_until").asc(nulls_first=True), "pk")
    free = free.exclude(taken_by=lease.owner, taken_until__isnull=False)  # late, but at work on them
    with transaction.atomic():
        found = list(free.select_for_update(skip_locked=True)[: 4 * FILES_TAKEN])
        taken = _choose(found, planned=lease.run.files_planned)
        if taken and taken[0].taken_until is not None and _holds_files(lease):
            return []  # it is to be alone
        for run_file in taken:
            run_file.taken_by, run_file.taken_until = lease.owner, _end_of_lease(now)
        mine = RunFile.objects.filter(pk__in=[run_file.pk for run_file in taken])
        mine.update(taken_by=lease.owner, taken_until=_end_of_lease(now))
    return taken


def lock_files(*, run_files: Sequence[RunFile]) -> bool:
    """Whether these files, which this process took, are still its own; they stay so in this transaction.

    A process that was only slow does not know that others have taken its files over.
    """
    owners = {run_file.taken_by for run_file in run_files}
    mine = RunFile.objects.filter(
        pk__in=[run_file.pk for run_file in run_files], state=RunFile.State.PENDING, taken_by__in=owners
    )
    return len(mine.order_by("pk").select_for_update(no_key=True).values_list("pk")) == len(run_files)


def release_file(*, run_file: RunFile) -> None:
    """Let anybody read a file whose reading somebody disturbed, where it is still ours."""
    pending = RunFile.objects.filter(pk=run_file.pk, state=RunFile.State.PENDING)
    pending.filter(taken_by=run_file.taken_by).update(taken_until=None)


def _hold_files(files: QuerySet[RunFile], *, until: datetime | None) -> None:
    with transaction.atomic():
        lock_rows(files)
        files.update(taken_until=until)


def _holds_files(lease: Lease) -> bool:
    return _pending(lease.run).filter(taken_by=lease.owner, taken_until__isnull=False).exists()


def _choose(free: list[RunFile], *, planned: int) -> list[RunFile]:
    """A quarter of what is left, so that processes that share a run end together; and not too much.

    Nor much less than a twenty-fifth of all, which they may wait for each other: a group costs a few
    milliseconds, however small.
    """
    untried = [run_file for run_file in free if run_file.taken_until is None]
    sizes = accumulate(run_file.size for run_file in untried)
    fitting = sum(1 for size in sizes if size <= BYTES_TAKEN)
    share = min(max(len(untried) // 4, planned // 25), FILES_TAKEN)
    return (untried or free)[: max(1, min(share, fitting))]


def files_are_left(*, lease: Lease) -> bool:
    """Whether files wait or are being read, by anybody."""
    return _pending(lease.run).exists()


def _pending(run: Run) -> QuerySet[RunFile]:
    return RunFile.objects.filter(run_id=run.pk, state=RunFile.State.PENDING)


def _get_run(run_id: int) -> Run:
    return Run.objects.select_related("source__endpoint", "source__account").get(pk=run_id)


def _end_of_lease(now: datetime) -> datetime:
    return now + timedelta(seconds=2 * settings.RUN_HEARTBEAT_SECONDS)
