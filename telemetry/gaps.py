"""What a telemetry lacks although its newest date is recent: days without data, rows that were rejected."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Sum

from telemetry.freshness import EXPECTED_WITHIN
from telemetry.models import DailyTotal, SourceFile, Telemetry
from telemetry.newest import TIME_ZONES, get_newest_date

DAYS_LOOKED_AT = 90  # up to today: what is older is the calendar's to show


@dataclass(frozen=True, slots=True)
class Gaps:
    """`missing`: days of the last DAYS_LOOKED_AT without data; `rejected`: rows of the stored files."""

    missing: int = 0
    rejected: int = 0


def count_gaps(*, telemetries: Collection[Telemetry], today: date) -> dict[int, Gaps]:
    """By the telemetries' primary keys: two queries, however many they are."""
    ids = [telemetry.pk for telemetry in telemetries]
    first = today - timedelta(days=DAYS_LOOKED_AT - 1)
    days = DailyTotal.objects.filter(
        telemetry__in=ids, dimension=DailyTotal.OVERALL, date__range=(first, today + TIME_ZONES)
    )
    held = dict(days.values("telemetry").annotate(days=Count("pk")).values_list("telemetry", "days"))
    files = SourceFile.objects.filter(
        telemetry__in=ids, state=SourceFile.State.STORED, rows_rejected__gt=0
    ).order_by()
    rejected = dict(files.values("telemetry").annotate(n=Sum("rows_rejected")).values_list("telemetry", "n"))
    return {
        telemetry.pk: Gaps(
            _count_expected(telemetry, first, today) - held.get(telemetry.pk, 0),
            rejected.get(telemetry.pk, 0),
        )
        for telemetry in telemetries
    }


def _count_expected(telemetry: Telemetry, first: date, today: date) -> int:
    """How many days since `first` should have data, as telemetry.coverage has it."""
    if telemetry.data_from is None:
        return 0
    until = get_newest_date(telemetry=telemetry, today=today) or telemetry.data_from
    if telemetry.status == Telemetry.Status.ACTIVE:
        until = max(until, today - EXPECTED_WITHIN)
    return max((until - max(first, telemetry.data_from)).days + 1, 0)
