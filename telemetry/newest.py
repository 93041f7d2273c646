"""What is newest of a telemetry, without touching what is old: a page must not read ten million points."""

from __future__ import annotations

from datetime import date

from django.db.models import Sum

from accounts.reading import snapshot
from telemetry.models import DailyTotal, FileDay, Telemetry
from telemetry.selectors import Point, list_points

NEWEST_DATES = 30
NEWEST_POINTS = 10


def get_newest_range(*, telemetry: Telemetry) -> tuple[date, date] | None:
    """From the oldest to the newest of the 30 newest dates with data; None where there is no data."""
    dates = list(
        DailyTotal.objects.filter(telemetry=telemetry, dimension=DailyTotal.OVERALL)
        .order_by("-date")
        .values_list("date", flat=True)[:NEWEST_DATES]
    )
    return (dates[-1], dates[0]) if dates else None


@snapshot()
def list_newest_points(*, telemetry: Telemetry) -> list[Point]:
    """Ten points or so of the newest dates, newest first: those of as few dates as have ten rows."""
    days = (
        FileDay.objects.filter(telemetry=telemetry)
        .values_list("date")
        .annotate(used=Sum("rows"))
        .order_by("-date")[:NEWEST_POINTS]
    )
    first = last = None
    rows = 0
    for day, used in days:
        first, last = day, last or day
        rows += used
        if rows >= NEWEST_POINTS:
            break
    if first is None:
        return []
    points = list_points(
        telemetry=telemetry, date_from=first, date_to=last, newest_first=True, limit=NEWEST_POINTS
    )
    return list(points)
