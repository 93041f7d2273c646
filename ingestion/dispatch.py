"""What a worker does with a message: the run that it names, or one whose account has fewer workers.

A message is good for one run, not for the one that it names: what is passed over for another one gets a new
message, behind those that wait.
"""

from __future__ import annotations

from datetime import timedelta

from ingestion.leases import Clock
from ingestion.models import Run
from ingestion.queue import send
from ingestion.sharing import choose_run, is_wanted_elsewhere
from ingestion.work import attempt_run, help_run

_CHOICES = 5  # of several workers that choose the same run one has it, and the others choose again


def run_next(*, run_id: int, clock: Clock, turn: timedelta, requested_only: bool = False) -> None:
    """Carry out the run whose turn it is; the one named, where no other waits."""
    for _ in range(_CHOICES):
        chosen = choose_run(now=clock(), requested_only=requested_only)
        if chosen is None:
            break
        if chosen != run_id and _is_active(run_id):
            send("run_requested_sync" if requested_only else "run_sync", run_id=run_id)
            run_id = chosen  # whatever comes of it, the other one has its message
        if _carry_out(chosen, clock, turn):
            return
    _carry_out(run_id, clock, turn)


def help_next(*, run_id: int, clock: Clock, turn: timedelta) -> None:
    """Help the run, or carry out one of an account that waits and has fewer workers."""
    run = Run.objects.filter(pk=run_id, state=Run.State.RUNNING).select_related("source").first()
    if run is None:
        return
    if is_wanted_elsewhere(account_id=run.source.account_id, helps=False, now=clock()):
        chosen = choose_run(now=clock())
        if chosen is not None:
            send("help_run", run_id=run_id)
            _carry_out(chosen, clock, turn)
            return
    help_run(run_id=run_id, clock=clock, turn=turn)


def _carry_out(run_id: int, clock: Clock, turn: timedelta) -> bool:
    """False where somebody else has it, or it has ended."""
    done = attempt_run(run_id=run_id, clock=clock, ask_for_help=True, turn=turn, recoverable=True)
    return done is not None


def _is_active(run_id: int) -> bool:
    return Run.objects.filter(pk=run_id, state__in=Run.ACTIVE_STATES).exists()
