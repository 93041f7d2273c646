"""When sources are synced by themselves: once a day, at DAILY_SYNC_TIME (UTC) for all of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import or_

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from ingestion.datasets import list_datasets
from ingestion.models import Run, Source


def describe_next_sync(source: Source) -> str:
    """For people: when the source is synced by itself next."""
    which = "First" if source.last_sync_at is None else "Next"
    return f"{which} sync at {settings.DAILY_SYNC_TIME:%H:%M} UTC"


def last_due_day(*, now: datetime) -> tuple[date, datetime]:
    """The UTC day whose daily sync was due last, and when it was."""
    due = datetime.combine(now.astimezone(UTC).date(), settings.DAILY_SYNC_TIME, tzinfo=UTC)
    if due > now:
        due -= timedelta(days=1)
    return due.date(), due


def list_runs_ahead(*, now: datetime) -> QuerySet[Run]:
    """Scheduled runs of days whose sync is not due yet: begun while the clock was ahead."""
    day, _ = last_due_day(now=now)
    return Run.objects.filter(Q(scheduled_day__gt=day) | Q(scheduled_day=day, created_at__gt=now))


def list_due_sources(*, now: datetime) -> list[tuple[Source, date]]:
    """Active sources that have had no scheduled run for the last due day, with that day.

    One created after that day's sync waits for the next; one whose run goes on is asked again later.
    """
    day, due = last_due_day(now=now)
    runs = Run.objects.filter(source=OuterRef("pk"))
    is_synced = reduce(or_, (Q(kind=dataset.kind) & dataset.synced for dataset in list_datasets()))
    # Two questions, each along its own index: joined by OR they read the runs of all years, each minute.
    sources = Source.objects.filter(
        is_synced,
        ~Exists(runs.filter(scheduled_day=day)),
        ~Exists(runs.filter(state__in=Run.ACTIVE_STATES)),
        status=Source.Status.ACTIVE,
        created_at__lte=due,
    ).order_by("pk")
    return [(source, day) for source in sources]
