"""Reading telemetry: for pages, exports, and later for allocation and dashboards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from accounts.models import Account
from audit.snapshots import Values, take_snapshot
from core.rows import as_date, order_by_bytes, split_by_size, stream_rows
from core.snapshot import snapshot
from telemetry.daily_totals import dimension_sql
from telemetry.models import DailyTotal, Series, Telemetry
from telemetry.overlap import effective_of_range

ROWS_AT_A_TIME = 2_000
CHARACTERS_KEPT = 4_000_000  # of them, kept for the next rows


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
    return not telemetry.runs.exists()


def take_snapshot_of(telemetry: Telemetry) -> Values:
    """For the audit log."""
    return take_snapshot(telemetry) | {"dimensions": list_dimensions(telemetry=telemetry)}


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


def _read_points(
    telemetry: Telemetry, date_from: date, date_to: date, newest_first: bool, limit: int | None
) -> Iterator[Point]:
    """First ids and sizes, then the values of as many series as fit: a row's may be a megabyte."""
    effective = effective_of_range(telemetry=telemetry, date_from=date_from, date_to=date_to)
    positions = telemetry.dimensions.order_by("position").values_list("position", flat=True)
    values = [dimension_sql("s", position) for position in positions]
    order = ", ".join(["e.date DESC" if newest_first else "e.date", *map(order_by_bytes, values)])
    size = " + ".join(f"coalesce(length({value}), 0)" for value in values) or "0"
    sql = f"""SELECT e.date, e.series_id, e.value, {size} FROM ({effective.sql}) AS e
        JOIN telemetry_series s ON s.id = e.series_id ORDER BY {order}"""
    if limit is not None:
        sql += f" LIMIT {int(limit)}"
    names = _Names()
    for rows in split_by_size(stream_rows(sql, effective.params)):
        names.look_up(rows)
        for day, series_id, value, _size in rows:
            yield Point(as_date(day), names[series_id], Decimal(str(value)))


class _Names(dict[int, tuple[str, ...]]):
    """Dimension values of series by id: those of the last rows, since the days of a telemetry repeat them."""

    def __init__(self) -> None:
        super().__init__()
        self._size = 0  # characters

    def look_up(self, rows: Sequence[tuple]) -> None:
        """Have those of these rows (their second column is the series, their last the size)."""
        sizes = {series_id: size for _day, series_id, _value, size in rows}
        missing = sizes.keys() - self.keys()
        if self._size + sum(sizes[series_id] for series_id in missing) > CHARACTERS_KEPT:
            self.clear()
            self._size, missing = 0, sizes.keys()
        found = Series.objects.filter(pk__in=missing).values_list("pk", "dimensions")
        self.update((pk, tuple(dimensions)) for pk, dimensions in found)
        self._size += sum(sizes[series_id] for series_id in missing)


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
