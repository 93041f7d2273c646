"""Carrying a run out: claim, plan, read batch by batch, end. Several processes may read one run's files."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import structlog
from django.conf import settings

from commandline.unexpected import log_unexpected
from core.locks import TRIES, is_deadlock
from endpoints.error_types import StorageError
from endpoints.storage import Bucket, open_bucket
from ingestion.batches import read_batches
from ingestion.boundary import ANYTHING, end_broken_run, is_deleted, is_interruption, is_transient
from ingestion.datasets import get_dataset
from ingestion.finish import fail_run, finish_run
from ingestion.finish_staged import finish_staged_run
from ingestion.leases import (
    Clock,
    Lease,
    RunLost,
    TimeSliceExpired,
    claim_run,
    count_helpers,
    files_are_left,
    give_back,
    join_run,
    leave_run,
    let_go,
    release_run,
    yield_run,
)
from ingestion.models import Run, Source
from ingestion.plan import plan_run
from ingestion.queue import send
from ingestion.read import Reading

log = structlog.get_logger(__name__)

Report = Callable[[int, int], None]
_FIRST, _LONGEST = 0.01, 0.2  # seconds: mostly they are about to end; but one that died takes half a minute


class Backoff:
    """Waiting for what other processes do: looks at it come fast at first, then seldom."""

    def __init__(self) -> None:
        self._seconds = _FIRST

    def wait(self) -> None:
        """Until the next look."""
        time.sleep(self._seconds)
        self._seconds = min(2 * self._seconds, _LONGEST)


def execute_run(*, run_id: int, clock: Clock, **options: Any) -> bool:
    """As `attempt_run`. False where the run is not ours to do, or to end."""
    return bool(attempt_run(run_id=run_id, clock=clock, **options))


def attempt_run(
    *,
    run_id: int,
    clock: Clock,
    ask_for_help: bool = False,
    turn: timedelta | None = None,
    report: Report | None = None,
    recoverable: bool = False,
) -> bool | None:
    """Carry a run out, from wherever a lost attempt had got to; whether to its end. None: it is not ours.

    `ask_for_help`: let free workers read some of the files. `turn`: after how long to hand the run
    on, to another worker or to this one when it has done what waits. `report` is called after each file with
    the number of files done here, and of those planned. `recoverable`: somebody takes up runs that are lost,
    so that one whose database was away for a moment need not fail.

    Whatever is raised on the way ends the run as failed (`ingestion.boundary`). Raises what not even that can
    be written down for, and what ends the process.
    """
    for left in reversed(range(TRIES)):
        owner = uuid.uuid4()
        try:
            lease = claim_run(run_id=run_id, clock=clock, turn=turn, owner=owner)
            if lease is None:
                return None
            return _execute(lease, ask_for_help=ask_for_help, report=report)
        except ANYTHING as error:
            if left and is_deadlock(error):
                log.warning("run taken up again after a deadlock", run=run_id)
                release_run(run_id=run_id, owner=owner, now=clock())
                continue
            if is_interruption(error) or (recoverable and is_transient(error) and not is_deleted(run_id)):
                raise
            return end_broken_run(run_id=run_id, owner=owner, error=error, now=clock())
    return None


def _execute(lease: Lease, *, ask_for_help: bool, report: Report | None) -> bool:
    run_id = lease.run.pk
    try:
        _carry_out(lease, ask_for_help=ask_for_help, report=report)
    except TimeSliceExpired:
        yield_run(lease=lease)
        send("run_sync", run_id=run_id)
        return False
    except RunLost:
        log.warning("run taken over", run=run_id)
        return False
    log.info("run ended", run=run_id, state=lease.run.state)
    return True


def help_run(*, run_id: int, clock: Clock, turn: timedelta | None = None) -> int:
    """Read files of a run that somebody else carries out, while there are any; how many it was.

    What breaks a helper breaks no run: its files are given back, and whoever carries the run out meets it.
    """
    lease = None
    try:
        lease = join_run(run_id=run_id, clock=clock, turn=turn)
        return 0 if lease is None else _read_files(lease, _open(lease))
    except TimeSliceExpired:
        give_back(lease=cast("Lease", lease))
        send("help_run", run_id=run_id)
        return 0
    except (RunLost, StorageError):  # whoever carries the run out meets the same, and ends it
        return 0
    except ANYTHING as error:
        if is_interruption(error):
            raise
        if is_deleted(run_id):
            return 0
        if lease is not None and is_deadlock(error):
            give_back(lease=lease)  # whoever carries the run out reads them, or a helper to come
            return 0
        if is_transient(error):
            raise
        log_unexpected("helper of a run broke", error, run=run_id)
        if lease is not None:
            let_go(lease=lease)
        return 0
    finally:
        if lease is not None:
            leave_run(lease=lease)


def _carry_out(lease: Lease, *, ask_for_help: bool, report: Report | None) -> None:
    source = lease.run.source
    if source.status != Source.Status.ACTIVE:
        message = f"{source.name} was deactivated. Activate it to sync it again."
        fail_run(lease=lease, message=message, failure=Run.Failure.INACTIVE)
        return
    try:
        if lease.run.reads_files:
            _read_bucket(lease, ask_for_help=ask_for_help, report=report)
    except StorageError as error:
        fail_run(lease=lease, message=str(error), failure=Run.Failure.CONNECTION)
        return
    finish = finish_staged_run if lease.run.is_staged else finish_run
    finish(lease=lease)


def _read_bucket(lease: Lease, *, ask_for_help: bool, report: Report | None) -> None:
    bucket = _open(lease)
    if lease.run.planned_at is None:
        plan_run(lease=lease, bucket=bucket)
    if lease.run.files_planned:
        _read_planned(lease, bucket, ask_for_help=ask_for_help, report=report)


def _read_planned(lease: Lease, bucket: Bucket, *, ask_for_help: bool, report: Report | None) -> None:
    if ask_for_help:
        _ask_for_help(lease)
    _read_files(lease, bucket, report)
    backoff = Backoff()
    while files_are_left(lease=lease):  # others read them; or died, and then they are ours in a while
        lease.renew()
        lease.check_turn()
        backoff.wait()
        _read_files(lease, bucket)


def _open(lease: Lease) -> Bucket:
    source = lease.run.source
    return open_bucket(source.endpoint, prefix=source.prefix)


def _read_files(lease: Lease, bucket: Bucket, report: Report | None = None) -> int:
    """Read what nobody else has taken; how many files. Raises RunLost, and StorageError as read_file does."""
    dataset = get_dataset(lease.run.source.kind)
    reading = Reading(lease, bucket, dataset, dataset.share(lease.run), dataset.writer(lease.run))
    files = 0
    for read in read_batches(reading):
        files += read
        if report is not None:
            report(files, lease.run.files_planned)
    return files


def _ask_for_help(lease: Lease) -> None:
    helpers = settings.RUN_HELPERS - count_helpers(run_id=lease.run.pk, now=lease.clock())
    for _ in range(min(helpers, lease.run.files_planned - 1)):
        send("help_run", run_id=lease.run.pk)
