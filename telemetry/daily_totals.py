"""Daily totals, overall and by each value of each single dimension, kept beside the points they add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice

import polars as pl
from django.conf import settings
from django.db import connection
from django.db.models import Count, Max

from csvfiles.totals import FileTotals
from telemetry.copying import copy_rows
from telemetry.exact import sum_function
from telemetry.fold import fold_dates
from telemetry.models import DailyTotal, FileDay, Telemetry

_DATES_AT_A_TIME = 400


def refresh_daily_totals(
    *, telemetry: Telemetry, dates: Iterable[date], loaded: Mapping[int, FileTotals] | None = None
) -> None:
    """Make the totals of these dates what the stored files say, in the transaction that changed them.

    `loaded`: what files that have just been loaded add up to, by their id. A date that one of them alone
    holds has that file's totals; the others are added up from the points.
    A dimension with more than settings.DAILY_TOTALS_MAX_VALUES values on a date has no totals for that date:
    they would be as many as the points. Selectors read the points then.
    """
    dates = set(dates)
    for some in _in_portions(sorted(dates), _DATES_AT_A_TIME):
        DailyTotal.objects.filter(telemetry=telemetry, date__in=some).delete()
    complete = {pk: totals for pk, totals in (loaded or {}).items() if totals.complete}
    if complete:
        holders = _find_single_holders(telemetry, dates)
        known = {day: complete[pk] for day, pk in holders.items() if pk in complete}
        _write_known_totals(telemetry, known)
        dates -= known.keys()
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


def _find_single_holders(telemetry: Telemetry, dates: set[date]) -> dict[date, int]:
    """The dates that one stored file alone holds, with its id."""
    found: dict[date, int] = {}
    for some in _in_portions(sorted(dates), _DATES_AT_A_TIME):
        held = FileDay.objects.filter(telemetry=telemetry, date__in=some).values("date")
        single = held.annotate(files=Count("pk"), file=Max("source_file_id")).filter(files=1)
        found |= dict(single.values_list("date", "file"))
    return found


def _write_known_totals(telemetry: Telemetry, known: Mapping[date, FileTotals]) -> None:
    most = settings.DAILY_TOTALS_MAX_VALUES
    rows = [
        (telemetry.pk, dimension, day, name, value)
        for day, totals in sorted(known.items(), key=lambda item: item[0])
        for dimension, name, value in totals.list_totals(day, most_values=most)
    ]
    columns = ("telemetry_id", "dimension", "date", "dimension_value", "value")
    if connection.vendor == "postgresql" and rows:
        text = [(*row[:4], str(row[4])) for row in rows]
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
