"""Reading telemetry: for pages, exports, and later for allocation and dashboards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Max, Min, QuerySet

from accounts.models import Account
from accounts.reading import snapshot
from telemetry.daily_totals import dimension_sql
from telemetry.fold import fold_range
from telemetry.models import DailyTotal, FileDay, SourceFile, Telemetry


@dataclass(frozen=True, slots=True)
class Point:
    """What counts for a date and a combination of dimension values (in the order of the dimensions)."""

    date: date
    dimensions: tuple[str, ...]
    value: Decimal


def list_telemetries(*, account: Account) -> QuerySet[Telemetry]:
    """The account's telemetries with what a table of them shows."""
    return (
        Telemetry.objects.for_account(account)
        .select_related("endpoint", "created_by")
        .prefetch_related("dimensions")
    )


def get_telemetry(*, account: Account, identifier: str) -> Telemetry:
    """The account's telemetry of that identifier. Raises Telemetry.DoesNotExist."""
    return Telemetry.objects.for_account(account).select_related("endpoint").get(identifier=identifier)


def list_dimensions(*, telemetry: Telemetry) -> list[str]:
    """The columns that are dimensions, in order."""
    return list(telemetry.dimensions.order_by("position").values_list("column", flat=True))


def list_mapped_columns(*, telemetry: Telemetry) -> list[str]:
    """The columns that are read: date, dimensions, metric."""
    dimensions = [dimension.column for dimension in telemetry.dimensions.all()]
    return [telemetry.date_column, *dimensions, telemetry.metric_column]


def dimensions_are_free(*, telemetry: Telemetry) -> bool:
    """Whether the dimensions can change without reading files again: before the first sync."""
    return not telemetry.sync_runs.exists()


@snapshot()
def list_daily_totals(
    *, telemetry: Telemetry, date_from: date, date_to: date, dimension: int = DailyTotal.OVERALL
) -> list[DailyTotal]:
    """Totals a day, overall or by the values of the dimension at that position; by date, largest first.

    Where a dimension has too many values for daily totals, these are added up from the points.
    """
    kept = list(
        DailyTotal.objects.filter(
            telemetry=telemetry, dimension=dimension, date__range=(date_from, date_to)
        ).order_by("date", "dimension_value")
    )
    if dimension != DailyTotal.OVERALL:
        kept += _add_up_missing(telemetry, date_from, date_to, dimension, {total.date for total in kept})
    return sorted(kept, key=lambda total: (total.date, -total.value, total.dimension_value))


def list_points(
    *,
    telemetry: Telemetry,
    date_from: date | None = None,
    date_to: date | None = None,
    newest_first: bool = False,
    limit: int | None = None,
) -> Iterator[Point]:
    """The values that count, sorted by date and dimension values (by their bytes)."""
    with snapshot():  # the dimensions are asked for before the values
        yield from _read_points(telemetry, date_from or date.min, date_to or date.max, newest_first, limit)


def get_data_range(*, telemetry: Telemetry) -> tuple[date | None, date | None]:
    """The first and the last date with data."""
    found = FileDay.objects.filter(telemetry=telemetry).aggregate(first=Min("date"), last=Max("date"))
    return found["first"], found["last"]


def list_source_files(*, telemetry: Telemetry) -> QuerySet[SourceFile]:
    """The newest versions of the telemetry's files, and the stored ones where these are others."""
    return telemetry.source_files.exclude(
        state__in=[SourceFile.State.SUPERSEDED, SourceFile.State.READING, SourceFile.State.STAGED]
    ).order_by("-last_modified", "key")


@snapshot()
def explain_day(*, telemetry: Telemetry, date: date) -> list[FileDay]:
    """The stored files that hold the date, the one that wins under `newest` first.

    Each has `.counts`: False where every value of it stands in a newer file too.
    """
    days = list(
        FileDay.objects.filter(telemetry=telemetry, date=date)
        .select_related("source_file")
        .order_by("-source_file__last_modified", "-source_file__key")
    )
    seen: set[int] = set()
    for day in days:
        series = set(
            day.source_file.data_points.filter(date=date).values_list("series_id", flat=True).distinct()
        )
        day.counts = telemetry.overlap == Telemetry.Overlap.ADD or not series <= seen
        seen |= series
    return days


def _read_points(
    telemetry: Telemetry, date_from: date, date_to: date, newest_first: bool, limit: int | None
) -> Iterator[Point]:
    effective = fold_range(telemetry=telemetry, date_from=date_from, date_to=date_to)
    order = ", ".join(
        ["e.date DESC" if newest_first else "e.date"]
        + [
            f"{dimension_sql('s', position)} {_by_bytes()}"
            for position in telemetry.dimensions.order_by("position").values_list("position", flat=True)
        ]
    )
    sql = f"""SELECT e.date, s.dimensions, e.value FROM ({effective.sql}) AS e
        JOIN telemetry_series s ON s.id = e.series_id ORDER BY {order}"""
    if limit is not None:
        sql += f" LIMIT {int(limit)}"
    for day, dimensions, value in stream_rows(sql, effective.params):
        values = json.loads(dimensions) if isinstance(dimensions, str) else dimensions
        yield Point(as_date(day), tuple(values), Decimal(str(value)))


def _add_up_missing(
    telemetry: Telemetry, date_from: date, date_to: date, position: int, present: set[date]
) -> list[DailyTotal]:
    """By-value totals for the dates that have an overall total but none by this dimension."""
    overall = DailyTotal.objects.filter(
        telemetry=telemetry, dimension=DailyTotal.OVERALL, date__range=(date_from, date_to)
    ).values_list("date", flat=True)
    missing = sorted(set(overall) - present)
    if not missing:
        return []
    sums: dict[tuple[date, str], Decimal] = {}
    for point in list_points(telemetry=telemetry, date_from=missing[0], date_to=missing[-1]):
        if point.date not in present:
            key = (point.date, point.dimensions[position - 1])
            sums[key] = sums.get(key, Decimal(0)) + point.value
    return [
        DailyTotal(telemetry=telemetry, dimension=position, date=day, dimension_value=name, value=value)
        for (day, name), value in sums.items()
    ]


def _by_bytes() -> str:
    return 'COLLATE "C"' if connection.vendor == "postgresql" else "COLLATE BINARY"


def stream_rows(sql: str, params: list) -> Iterator[tuple]:
    """Rows as they come, in memory that does not grow with them."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(2_000):
            yield from rows


def as_date(value: date | str) -> date:
    """A date as either database gives it in raw SQL."""
    return value if isinstance(value, date) else date.fromisoformat(value)
