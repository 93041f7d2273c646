"""What is newest of a telemetry, without touching what is old: a page must not read ten million points.

A date after tomorrow counts, but says nothing of how far the data reach: with one row of 9999 an export that
has stopped would look up to date for ever. In some time zones it is tomorrow already.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Case, Count, DateField, F, OuterRef, QuerySet, Subquery, Sum, When

from core.snapshot import snapshot
from telemetry.models import DailyTotal, FileDay, Telemetry
from telemetry.shown import ShownPoint, list_shown_points

NEWEST_DATES = 30
NEWEST_POINTS = 10
LATER_DATES_NAMED = 5
TIME_ZONES = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LaterDates:
    """Dates with data after tomorrow: how many there are, and the first of them."""

    count: int
    first: list[date]


def annotate_newest_date(telemetries: QuerySet[Telemetry], *, today: date) -> QuerySet[Telemetry]:
    """With `newest_date` as get_newest_date gives it, in the same query.

    Only for those that have a later date it takes a look into the index of their days.
    """
    tomorrow = today + TIME_ZONES
    days = FileDay.objects.filter(telemetry=OuterRef("pk"), date__lte=tomorrow).order_by("-date")
    newest = Case(
        When(data_through__gt=tomorrow, then=Subquery(days.values("date")[:1])),
        default=F("data_through"),
        output_field=DateField(),
    )
    return telemetries.annotate(newest_date=newest)


def get_newest_date(*, telemetry: Telemetry, today: date) -> date | None:
    """The newest date with data that is not after tomorrow."""
    if hasattr(telemetry, "newest_date"):  # annotated
        return telemetry.newest_date
    if not _has_later_dates(telemetry, today):
        return telemetry.data_through
    days = FileDay.objects.filter(telemetry=telemetry, date__lte=today + TIME_ZONES)
    return days.order_by("-date").values_list("date", flat=True).first()


def list_newest_values(telemetries: Collection[Telemetry]) -> dict[int, Decimal]:
    """The total of each telemetry's `newest_date` (annotated), by its primary key, in one query."""
    newest = {telemetry.pk: telemetry.newest_date for telemetry in telemetries if telemetry.newest_date}
    totals = DailyTotal.objects.filter(
        telemetry__in=newest, dimension=DailyTotal.OVERALL, date__in=set(newest.values())
    ).values_list("telemetry", "date", "value")
    return {pk: value for pk, day, value in totals if newest[pk] == day}


@snapshot()
def get_later_dates(*, telemetry: Telemetry, today: date) -> LaterDates:
    if not _has_later_dates(telemetry, today):
        return LaterDates(0, [])
    days = FileDay.objects.filter(telemetry=telemetry, date__gt=today + TIME_ZONES)
    count = days.aggregate(dates=Count("date", distinct=True))["dates"]
    first = days.order_by("date").values_list("date", flat=True).distinct()[:LATER_DATES_NAMED]
    return LaterDates(count, list(first))


def get_newest_range(*, telemetry: Telemetry, today: date) -> tuple[date, date] | None:
    """From the oldest to the newest of the 30 newest dates with data; None where there is no data.

    Dates after tomorrow are left out, unless there are no others.
    """
    totals = DailyTotal.objects.filter(telemetry=telemetry, dimension=DailyTotal.OVERALL).order_by("-date")
    for some in (totals.filter(date__lte=today + TIME_ZONES), totals):
        dates = list(some.values_list("date", flat=True)[:NEWEST_DATES])
        if dates:
            return dates[-1], dates[0]
    return None


@snapshot()
def list_newest_points(*, telemetry: Telemetry, today: date) -> list[ShownPoint]:
    """Ten points or so of the newest dates, newest first: those of as few dates as have ten rows.

    Dates after tomorrow are left out, unless there are no others.
    """
    days = FileDay.objects.filter(telemetry=telemetry)
    for some in (days.filter(date__lte=today + TIME_ZONES), days):
        bounds = _find_newest_days(some)
        if bounds is not None:
            first, last = bounds
            return list_shown_points(
                telemetry=telemetry, date_from=first, date_to=last, newest_first=True, limit=NEWEST_POINTS
            )
    return []


def _find_newest_days(days: QuerySet[FileDay]) -> tuple[date, date] | None:
    """The bounds of as few of the newest days as have ten rows."""
    first = last = None
    rows = 0
    newest = days.values_list("date").annotate(used=Sum("rows")).order_by("-date")
    for day, used in newest[:NEWEST_POINTS]:
        first, last = day, last or day
        rows += used
        if rows >= NEWEST_POINTS:
            break
    return None if first is None else (first, last)


def _has_later_dates(telemetry: Telemetry, today: date) -> bool:
    return telemetry.data_through is not None and telemetry.data_through > today + TIME_ZONES
