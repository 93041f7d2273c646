"""Where whatever happens in a run ends: that run has failed, by name, and the next one begins."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from polars.exceptions import PanicException

from commandline.unexpected import describe_unexpected, log_unexpected
from core.locks import lock_rows
from ingestion.finish import break_run
from ingestion.leases import held_by
from ingestion.models import Run, RunFile

ANYTHING = (Exception, PanicException)  # polars panics past Exception; what ends a process is not among them

log = structlog.get_logger(__name__)


def is_interruption(error: BaseException) -> bool:
    """The worker's time is over: its run is lost then, as with a dead worker, and taken up again."""
    return type(error).__module__.startswith("billiard")


def is_transient(error: BaseException) -> bool:
    """The database was away, or chose this transaction for a deadlock's victim: it may go well next time."""
    return isinstance(error, OperationalError | InterfaceError)


def is_deleted(run_id: int) -> bool:
    """Somebody deleted the source while it was synced: then nothing is to be done or wrong."""
    _drop_broken_connection()
    if Run.objects.filter(pk=run_id).exists():
        return False
    log.info("source deleted during its run", run=run_id)
    return True


def end_broken_run(*, run_id: int, owner: UUID | None, error: BaseException, now: datetime) -> bool:
    """Fail the run that `owner` carries out, or that nobody has taken up; False where there is none.

    Raises what the database raises where not even that can be written down.
    """
    if is_deleted(run_id):
        return False
    message = describe_broken(error, log_unexpected("run broke", error, run=run_id))
    try:
        return break_run(run_id=run_id, owner=owner, now=now, message=message)
    except ANYTHING as again:  # what broke the run may break its orderly end as well
        log_unexpected("broken run could not be ended in order", again, run=run_id)
    _drop_broken_connection()
    return _mark_failed(run_id, owner, now, message)


def describe_broken(error: BaseException, reference: str) -> str:
    """What happened, for whoever looks at the run."""
    if not is_transient(error):
        return describe_unexpected(error, reference)
    return (
        f"The database could not be used ({type(error).__name__}, reference {reference}). Check its server; "
        "the log has more by the reference. Then sync again."
    )


def _drop_broken_connection() -> None:
    """The next statement opens another."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _mark_failed(run_id: int, owner: UUID | None, now: datetime, message: str) -> bool:
    """The barest end. What was half read or staged counts nowhere, and the next run removes it."""
    with transaction.atomic():
        ended = Run.objects.filter(held_by(owner), pk=run_id).update(
            state=Run.State.FAILED,
            finished_at=now,
            lease_until=None,
            lease_owner=None,
            message=message,
            failure=Run.Failure.STOPPED,
        )
        if ended:
            pending = RunFile.objects.filter(run_id=run_id, state=RunFile.State.PENDING)
            lock_rows(pending)
            pending.update(state=RunFile.State.FAILED, message=f"Not read: {message}")
    return bool(ended)
