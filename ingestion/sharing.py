"""How accounts share the workers: what waits of one account ends what another one holds beyond its share.

The database says who works and what waits. A message brings a worker, and the worker takes the run of the
account that has the fewest workers (`choose_run`), whichever run the message names. A helper leaves between
two batches of files where its account holds more workers than a waiting one would then; the worker that
carries a run out after RUN_SHORT_TURN_SECONDS, so that accounts take turns even on a single worker.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from ingestion.models import Run, RunHelper
from ingestion.selectors import is_over

State = Run.State
# What a person waits for. Once begun it goes on among the others.
REQUESTED = (Run.Trigger.MANUAL, Run.Trigger.ACTIVATED)


def choose_run(*, now: datetime, requested_only: bool = False) -> int | None:
    """The run to take up next: of the account with the fewest workers, the one that has waited longest.

    `requested_only`: among those that a person has asked for and nobody has begun.
    """
    waiting = _list_waiting(now)
    if requested_only:
        waiting = waiting.filter(state=State.QUEUED, trigger__in=REQUESTED)
    accounts = waiting.values_list("source__account_id").annotate(since=Min(_waits_since()))
    held = count_workers(now=now)
    fairest = min(accounts, key=lambda account: (held[account[0]], account[1]), default=None)
    if fairest is None:
        return None
    of_account = waiting.filter(source__account_id=fairest[0])
    return of_account.order_by(_waits_since(), "pk").values_list("pk", flat=True).first()


def count_workers(*, now: datetime) -> Counter[int]:
    """How many workers each account holds, by its id: those that carry out its runs, and their helpers."""
    running = _list_active().filter(~is_over("lease_until", now), state=State.RUNNING)
    helping = RunHelper.objects.exclude(is_over("until", now))
    held: Counter[int] = Counter()
    for rows, account in (
        (running, "source__account_id"),
        (helping, "run__source__account_id"),
    ):
        held.update(dict(rows.order_by().values_list(account).annotate(workers=Count("pk"))))
    return held


def is_wanted_elsewhere(*, account_id: int, helps: bool, now: datetime) -> bool:
    """Whether a worker of the account should go to another one, whose run waits and that holds fewer.

    One that helps: only where the other would then not hold more. One that carries a run out changes places.
    """
    accounts = set(_list_waiting(now).order_by().values_list("source__account_id", flat=True).distinct())
    accounts.discard(account_id)
    if not accounts:
        return False
    held = count_workers(now=now)
    fewest = min(held[account] for account in accounts)
    return held[account_id] > fewest + (1 if helps else 0)


def _list_waiting(now: datetime) -> QuerySet[Run]:
    """Runs that any worker may take up. A command carries its own out; it needs a worker once it is lost."""
    queued = Q(state=State.QUEUED) & ~Q(trigger=Run.Trigger.COMMAND)
    left = Q(is_over("lease_until", now), state=State.RUNNING)
    return _list_active().filter(queued | left)


def _list_active() -> QuerySet[Run]:
    """Said so, since there is an index of just these."""
    return Run.objects.filter(state__in=Run.ACTIVE_STATES)


def _waits_since() -> Coalesce:
    return Coalesce(F("lease_until"), F("created_at"))
