"""What workers do. A task loads by id and calls one function; doing it twice does no harm."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.utils import timezone

from ingestion import dispatch, services


# A run hands itself on between two files after RUN_TURN_SECONDS. Only a single file that takes hours meets
# the soft time limit: the run is lost then, as with a dead worker, and recovered where it had got to.
@shared_task(throws=(SoftTimeLimitExceeded,))
def run_sync(*, run_id: int) -> None:
    """Carry out this run, or another one whose turn it is; unless somebody does already or it has ended."""
    turn = timedelta(seconds=settings.RUN_TURN_SECONDS)
    dispatch.run_next(run_id=run_id, clock=timezone.now, turn=turn)


@shared_task(throws=(SoftTimeLimitExceeded,))
def run_requested_sync(*, run_id: int) -> None:
    """As `run_sync`, of what people wait for. One that takes longer goes on among the others."""
    turn = timedelta(seconds=settings.RUN_SHORT_TURN_SECONDS)
    dispatch.run_next(run_id=run_id, clock=timezone.now, turn=turn, requested_only=True)


@shared_task(throws=(SoftTimeLimitExceeded,))
def help_run(*, run_id: int) -> None:
    """Read some of the files of a run that another worker carries out."""
    dispatch.help_next(run_id=run_id, clock=timezone.now, turn=timedelta(seconds=settings.RUN_TURN_SECONDS))


@shared_task
def start_due_syncs() -> None:
    """Queue what the daily schedule asks for. Beat sends it every minute; a day missed is made up for."""
    services.start_due_syncs(now=timezone.now())


@shared_task
def recover_lost_runs() -> None:
    """Queue again what a dead worker or a lost message has left."""
    services.recover_lost_runs(now=timezone.now())
