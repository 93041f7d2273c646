"""Daily totals, overall and by each value of each single dimension, kept beside the points they add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice

import polars as pl
from django.conf import settings
from django.db import connection
from django.db.models import Count, Max

from core.copying import copy_rows
from core.exact_sum import sum_function
from csvfiles.totals import FileTotals
from ingestion.models import FileDay
from telemetry.limits import get_limits
from telemetry.models import DailyTotal, Telemetry
from telemetry.overlap import effective_of_dates

_DATES_AT_A_TIME = 400
_TOTALS_AT_A_TIME = 50_000


def refresh_daily_totals(
    *, telemetry: Telemetry, dates: Iterable[date], loaded: Mapping[int, FileTotals] | None = None
) -> None:
    """Make the totals of these dates what the stored files say, in the transaction that changed them.

    `loaded`: what files that have just been loaded add up to, by their id. A date that one of them alone
    holds has that file's totals; the others are added up from the points.
    A dimension with more than settings.DAILY_TOTALS_MAX_VALUES values on a date has no totals for that date:
    they would be as many as the points. Nor has one with a longer value than charts and tables can show
    (Limits.total_value). Selectors read the points then.
    """
    dates = set(dates)
    for some in _in_portions(sorted(dates), _DATES_AT_A_TIME):
        DailyTotal.objects.filter(telemetry=telemetry, date__in=some).delete()
    if loaded:
        dates -= _write_known_totals(telemetry, dates, loaded)
    positions = list(telemetry.dimensions.order_by("position").values_list("position", flat=True))
    _add_up(telemetry, dates, [DailyTotal.OVERALL, *positions])


def dimension_sql(series: str, position: int) -> str:
    """SQL for the text of the dimension at `position` (from 1) of a row of telemetry_series."""
    if connection.vendor == "sqlite":
        return f"json_extract({series}.dimensions, '$[{int(position) - 1}]')"
    return f"({series}.dimensions ->> {int(position) - 1})"


def _find_single_holders(telemetry: Telemetry, dates: set[date]) -> dict[date, int]:
    """The dates that one stored file alone holds, with its id."""
    found: dict[date, int] = {}
    for some in _in_portions(sorted(dates), _DATES_AT_A_TIME):
        held = FileDay.objects.filter(source=telemetry, date__in=some).values("date")
        single = held.annotate(files=Count("pk"), file=Max("source_file_id")).filter(files=1)
        found |= dict(single.values_list("date", "file"))
    return found


def _write_known_totals(
    telemetry: Telemetry, dates: set[date], loaded: Mapping[int, FileTotals]
) -> set[date]:
    """Write what is known without asking; the dates that are settled with it."""
    days_of: dict[int, list[date]] = defaultdict(list)
    for day, pk in _find_single_holders(telemetry, dates).items():
        if pk in loaded:
            days_of[pk].append(day)
    _write_all(
        telemetry,
        (
            loaded[pk].list_totals(some)
            for pk, days in days_of.items()
            for some in _in_portions(sorted(days), _DATES_AT_A_TIME)
        ),
    )
    for pk, days in days_of.items():
        _add_up(telemetry, days, sorted(loaded[pk].incomplete))
    return {day for days in days_of.values() for day in days}


def _write_all(telemetry: Telemetry, parts: Iterable[pl.DataFrame]) -> None:
    """Small parts together, since a statement costs as much as many rows; large ones apart, for memory."""
    waiting: list[pl.DataFrame] = []
    for part in parts:
        waiting.append(part)
        if sum(frame.height for frame in waiting) > _TOTALS_AT_A_TIME:
            _write(telemetry, pl.concat(waiting))
            waiting = []
    if waiting:
        _write(telemetry, pl.concat(waiting))


def _write(telemetry: Telemetry, totals: pl.DataFrame) -> None:
    if connection.vendor == "postgresql":
        rows = totals.with_columns(pl.lit(telemetry.pk).alias("telemetry_id"))
        copy_rows("telemetry_dailytotal", rows, quote=True)
        return
    DailyTotal.objects.bulk_create(
        (DailyTotal(telemetry=telemetry, **row) for row in totals.iter_rows(named=True)), batch_size=5_000
    )


def _add_up(telemetry: Telemetry, dates: Iterable[date], positions: Sequence[int]) -> None:
    """Add the points up, overall and by the dimensions at these positions."""
    if positions:
        for some in _in_portions(sorted(dates), _DATES_AT_A_TIME):
            _insert_totals(telemetry, some, positions)


def _insert_totals(telemetry: Telemetry, dates: Sequence[date], positions: Sequence[int]) -> None:
    effective = effective_of_dates(telemetry=telemetry, dates=dates)
    parts, params = [], [*effective.params]
    dimensions = [position for position in positions if position != DailyTotal.OVERALL]
    if DailyTotal.OVERALL in positions:
        parts.append(f"SELECT %s, {DailyTotal.OVERALL}, date, '', {_total()} FROM effective GROUP BY date")
        params.append(telemetry.pk)
    for position in dimensions:
        parts.append(_by_dimension(position))
        params += [telemetry.pk, position, settings.DAILY_TOTALS_MAX_VALUES, get_limits().total_value]
    names = "".join(f", {dimension_sql('s', position)} AS d{position}" for position in dimensions)
    sql = f"""
        INSERT INTO telemetry_dailytotal (telemetry_id, dimension, date, dimension_value, value)
        WITH effective AS MATERIALIZED (
            SELECT e.date, e.value {names} FROM ({effective.sql}) AS e
            JOIN telemetry_series s ON s.id = e.series_id
        )
        {" UNION ALL ".join(parts)}"""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def _by_dimension(position: int) -> str:
    return f"""
        SELECT %s, %s, date, d{position}, value FROM (
            SELECT date, d{position}, {_total()} AS value, count(*) OVER (PARTITION BY date) AS names,
                   max(length(d{position})) OVER (PARTITION BY date) AS longest
            FROM effective GROUP BY date, d{position}
        ) AS grouped{position} WHERE names <= %s AND longest <= %s"""


def _total() -> str:
    return f"{sum_function(connection.vendor)}(value)"


def _in_portions(items: Sequence[date], size: int) -> Iterator[list[date]]:
    iterator = iter(items)
    while portion := list(islice(iterator, size)):
        yield portion
