"""How far the data of a source reach. A date after tomorrow counts, but says nothing of that: with one row of
9999 an export that has stopped would look up to date for ever. In some time zones it is tomorrow already.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Count, DateField, F, OuterRef, QuerySet, Subquery, When

from core.snapshot import snapshot
from ingestion.models import FileDay, Source

LATER_DATES_NAMED = 5
TIME_ZONES = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LaterDates:
    """Dates with data after tomorrow: how many there are, and the first of them."""

    count: int
    first: list[date]


def annotate_newest_date(sources: QuerySet[Any], *, today: date) -> QuerySet[Any]:
    """With `newest_date` as get_newest_date gives it, in the same query.

    Only for those that have a later date it takes a look into the index of their days.
    """
    tomorrow = today + TIME_ZONES
    days = FileDay.objects.filter(source=OuterRef("pk"), date__lte=tomorrow).order_by("-date")
    newest = Case(
        When(data_through__gt=tomorrow, then=Subquery(days.values("date")[:1])),
        default=F("data_through"),
        output_field=DateField(),
    )
    annotated: QuerySet[Any] = sources.annotate(newest_date=newest)
    return annotated


def get_newest_date(*, source: Source, today: date) -> date | None:
    """The newest date with data that is not after tomorrow."""
    if hasattr(source, "newest_date"):  # annotated
        newest: date | None = source.newest_date
        return newest
    if not _has_later_dates(source, today):
        return source.data_through
    days = FileDay.objects.filter(source=source, date__lte=today + TIME_ZONES)
    return days.order_by("-date").values_list("date", flat=True).first()


@snapshot()
def get_later_dates(*, source: Source, today: date) -> LaterDates:
    if not _has_later_dates(source, today):
        return LaterDates(0, [])
    days = FileDay.objects.filter(source=source, date__gt=today + TIME_ZONES)
    count = days.aggregate(dates=Count("date", distinct=True))["dates"]
    first = days.order_by("date").values_list("date", flat=True).distinct()[:LATER_DATES_NAMED]
    return LaterDates(count, list(first))


def _has_later_dates(source: Source, today: date) -> bool:
    return source.data_through is not None and source.data_through > today + TIME_ZONES
