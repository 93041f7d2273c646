"""What a source lacks although its newest date is recent: days without data, rows that were rejected."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Sum

from ingestion.freshness import EXPECTED_WITHIN
from ingestion.models import FileDay, Source, SourceFile
from ingestion.newest import TIME_ZONES, get_newest_date

DAYS_LOOKED_AT = 90  # up to today: what is older is the calendar's to show


@dataclass(frozen=True, slots=True)
class Gaps:
    """`missing`: days of the last DAYS_LOOKED_AT without data; `rejected`: rows of the stored files."""

    missing: int = 0
    rejected: int = 0


def count_gaps(*, sources: Collection[Source], today: date) -> dict[int, Gaps]:
    """By the sources' primary keys: two queries, however many they are."""
    ids = [source.pk for source in sources]
    first = today - timedelta(days=DAYS_LOOKED_AT - 1)
    days = FileDay.objects.filter(source__in=ids, date__range=(first, today + TIME_ZONES)).order_by()
    counted = days.values("source").annotate(days=Count("date", distinct=True))
    held = dict(counted.values_list("source", "days"))
    files = SourceFile.objects.filter(
        source__in=ids, state=SourceFile.State.STORED, rows_rejected__gt=0
    ).order_by()
    rejected = dict(files.values("source").annotate(n=Sum("rows_rejected")).values_list("source", "n"))
    return {
        source.pk: Gaps(
            _count_expected(source, first, today) - held.get(source.pk, 0),
            rejected.get(source.pk, 0),
        )
        for source in sources
    }


def _count_expected(source: Source, first: date, today: date) -> int:
    """How many days since `first` should have data, as ingestion.coverage has it."""
    if source.data_from is None:
        return 0
    until = get_newest_date(source=source, today=today) or source.data_from
    if source.status == Source.Status.ACTIVE:
        until = max(until, today - EXPECTED_WITHIN)
    return max((until - max(first, source.data_from)).days + 1, 0)
