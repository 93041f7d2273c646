"""Daily totals, overall and by each value of each single dimension, kept beside the points they add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice

from django.conf import settings
from django.db import connection

from telemetry.exact import sum_function
from telemetry.fold import fold_dates
from telemetry.models import DailyTotal, Telemetry

_DATES_AT_A_TIME = 400


def refresh_daily_totals(*, telemetry: Telemetry, dates: Iterable[date]) -> None:
    """Make the totals of these dates what the stored files say, in the transaction that changed them.

    A dimension with more than settings.DAILY_TOTALS_MAX_VALUES values on a date has no totals for that date:
    they would be as many as the points. Selectors read the points then.
    """
    positions = list(telemetry.dimensions.order_by("position").values_list("position", flat=True))
    for some in _in_portions(sorted(set(dates)), _DATES_AT_A_TIME):
        DailyTotal.objects.filter(telemetry=telemetry, date__in=some).delete()
        _insert_overall(telemetry, some)
        for position in positions:
            _insert_by_dimension(telemetry, some, position)


def dimension_sql(series: str, position: int) -> str:
    """SQL for the text of the dimension at `position` (from 1) of a row of telemetry_series."""
    if connection.vendor == "sqlite":
        return f"json_extract({series}.dimensions, '$[{int(position) - 1}]')"
    return f"({series}.dimensions ->> {int(position) - 1})"


def _insert_overall(telemetry: Telemetry, dates: Sequence[date]) -> None:
    effective = fold_dates(telemetry=telemetry, dates=dates)
    total = sum_function(connection.vendor)
    _insert(
        f"SELECT %s, 0, date, '', {total}(value) FROM ({effective.sql}) AS effective GROUP BY date",
        [telemetry.pk, *effective.params],
    )


def _insert_by_dimension(telemetry: Telemetry, dates: Sequence[date], position: int) -> None:
    effective = fold_dates(telemetry=telemetry, dates=dates)
    total = sum_function(connection.vendor)
    name = dimension_sql("s", position)
    grouped = f"""
        SELECT e.date AS date, {name} AS name, {total}(e.value) AS value,
               count(*) OVER (PARTITION BY e.date) AS names
        FROM ({effective.sql}) AS e JOIN telemetry_series s ON s.id = e.series_id
        GROUP BY e.date, {name}"""
    _insert(
        f"SELECT %s, %s, date, name, value FROM ({grouped}) AS grouped WHERE names <= %s",
        [telemetry.pk, position, *effective.params, settings.DAILY_TOTALS_MAX_VALUES],
    )


def _insert(select: str, params: list) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO telemetry_dailytotal"
            f" (telemetry_id, dimension, date, dimension_value, value) {select}",
            params,
        )


def _in_portions(items: Sequence[date], size: int) -> Iterator[list[date]]:
    iterator = iter(items)
    while portion := list(islice(iterator, size)):
        yield portion
