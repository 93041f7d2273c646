"""Daily totals, overall and by each value of each single dimension, kept beside the points they add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

import polars as pl
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from csvfiles.numbers import format_plain
from csvfiles.totals import FileTotals
from telemetry.copying import copy_rows
from telemetry.exact import sum_function
from telemetry.fold import fold_dates
from telemetry.models import DailyTotal, FileDay, Telemetry

_DATES_AT_A_TIME = 400


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """The file that has just been loaded, and what it adds up to."""

    pk: int
    totals: FileTotals


def refresh_daily_totals(
    *, telemetry: Telemetry, dates: Iterable[date], loaded: LoadedFile | None = None
) -> None:
    """Make the totals of these dates what the stored files say, in the transaction that changed them.

    A date that the loaded file alone holds has that file's totals; the others are added up from the points.
    A dimension with more than settings.DAILY_TOTALS_MAX_VALUES values on a date has no totals for that date:
    they would be as many as the points. Selectors read the points then.
    """
    dates = set(dates)
    for some in _in_portions(sorted(dates), _DATES_AT_A_TIME):
        DailyTotal.objects.filter(telemetry=telemetry, date__in=some).delete()
    if loaded is not None and loaded.totals.complete:
        alone = _held_alone(telemetry, loaded, dates)
        _write_file_totals(telemetry, loaded.totals, alone)
        dates -= alone
    if not dates:
        return
    positions = list(telemetry.dimensions.order_by("position").values_list("position", flat=True))
    for some in _in_portions(sorted(dates), _DATES_AT_A_TIME):
        _insert_totals(telemetry, some, positions)


def dimension_sql(series: str, position: int) -> str:
    """SQL for the text of the dimension at `position` (from 1) of a row of telemetry_series."""
    if connection.vendor == "sqlite":
        return f"json_extract({series}.dimensions, '$[{int(position) - 1}]')"
    return f"({series}.dimensions ->> {int(position) - 1})"


def _held_alone(telemetry: Telemetry, loaded: LoadedFile, dates: set[date]) -> set[date]:
    held = FileDay.objects.filter(telemetry=telemetry).exclude(source_file_id=loaded.pk)
    return set(loaded.totals.overall) & dates - _dates_among(held, dates)


def _dates_among(days: QuerySet[FileDay], dates: set[date]) -> set[date]:
    found: set[date] = set()
    for some in _in_portions(sorted(dates), _DATES_AT_A_TIME):
        found |= set(days.filter(date__in=some).values_list("date", flat=True))
    return found


def _write_file_totals(telemetry: Telemetry, totals: FileTotals, dates: set[date]) -> None:
    most = settings.DAILY_TOTALS_MAX_VALUES
    rows = [
        (telemetry.pk, dimension, day, name, value)
        for day in sorted(dates)
        for dimension, name, value in totals.list_totals(day, most_values=most)
    ]
    columns = ("telemetry_id", "dimension", "date", "dimension_value", "value")
    if connection.vendor == "postgresql" and rows:
        text = [(*row[:4], format_plain(row[4])) for row in rows]
        copy_rows("telemetry_dailytotal", pl.DataFrame(text, schema=columns, orient="row"), quote=True)
    else:
        DailyTotal.objects.bulk_create(
            (DailyTotal(**dict(zip(columns, row, strict=True))) for row in rows), batch_size=5_000
        )


def _insert_totals(telemetry: Telemetry, dates: Sequence[date], positions: Sequence[int]) -> None:
    effective = fold_dates(telemetry=telemetry, dates=dates)
    names = "".join(f", {dimension_sql('s', position)} AS d{position}" for position in positions)
    overall = f"SELECT %s, 0, date, '', {_total()} FROM effective GROUP BY date"
    sql = f"""
        INSERT INTO telemetry_dailytotal (telemetry_id, dimension, date, dimension_value, value)
        WITH effective AS MATERIALIZED (
            SELECT e.date, e.value {names} FROM ({effective.sql}) AS e
            JOIN telemetry_series s ON s.id = e.series_id
        )
        {" UNION ALL ".join([overall, *(_by_dimension(position) for position in positions)])}"""
    params = [*effective.params, telemetry.pk]
    for position in positions:
        params += [telemetry.pk, position, settings.DAILY_TOTALS_MAX_VALUES]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def _by_dimension(position: int) -> str:
    return f"""
        SELECT %s, %s, date, d{position}, value FROM (
            SELECT date, d{position}, {_total()} AS value, count(*) OVER (PARTITION BY date) AS names
            FROM effective GROUP BY date, d{position}
        ) AS grouped{position} WHERE names <= %s"""


def _total() -> str:
    return f"{sum_function(connection.vendor)}(value)"


def _in_portions(items: Sequence[date], size: int) -> Iterator[list[date]]:
    iterator = iter(items)
    while portion := list(islice(iterator, size)):
        yield portion
