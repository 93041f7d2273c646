"""What is newest of a telemetry, without touching what is old: a page must not read ten million points."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet, Sum

from core.snapshot import snapshot
from ingestion.models import FileDay
from ingestion.newest import TIME_ZONES
from telemetry.models import DailyTotal, Telemetry
from telemetry.shown import ShownPoint, list_shown_points

NEWEST_DATES = 30
NEWEST_POINTS = 10


def list_newest_values(telemetries: Collection[Telemetry]) -> dict[int, Decimal]:
    """The total of each telemetry's `newest_date` (annotated), by its primary key, in one query."""
    newest = {telemetry.pk: telemetry.newest_date for telemetry in telemetries if telemetry.newest_date}
    totals = DailyTotal.objects.filter(
        telemetry__in=newest, dimension=DailyTotal.OVERALL, date__in=set(newest.values())
    ).values_list("telemetry", "date", "value")
    return {pk: value for pk, day, value in totals if newest[pk] == day}


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
    days = FileDay.objects.filter(source=telemetry)
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
