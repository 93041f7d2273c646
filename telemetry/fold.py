"""Which values count where several files hold the same date and series: the fold, in SQL, for every reader.

`newest`: the file modified last wins, ties by key. `add`: the values of all files add up. Within one file the
parts of a point always add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Count, QuerySet

from telemetry.exact import sum_function
from telemetry.models import FileDay, Telemetry


@dataclass(frozen=True, slots=True)
class Query:
    """SQL with its parameters; yields rows of (date, series_id, value), one for each date and series."""

    sql: str
    params: list


def fold_dates(*, telemetry: Telemetry, dates: Sequence[date]) -> Query:
    """The effective values of these dates."""
    marks = ", ".join(["%s"] * len(dates)) or "NULL"
    days = FileDay.objects.filter(telemetry=telemetry, date__in=dates)
    return _fold(telemetry, f"d.date IN ({marks})", list(dates), days)


def fold_range(*, telemetry: Telemetry, date_from: date, date_to: date) -> Query:
    """The effective values of the dates from `date_from` to `date_to`, both included."""
    days = FileDay.objects.filter(telemetry=telemetry, date__range=(date_from, date_to))
    return _fold(telemetry, "d.date BETWEEN %s AND %s", [date_from, date_to], days)


def _fold(telemetry: Telemetry, condition: str, params: list, days: QuerySet[FileDay]) -> Query:
    adds = telemetry.overlap == Telemetry.Overlap.ADD
    contested = not adds and _is_contested(days)
    # Only the stored version of a file has FileDay rows, so the join brings in no other version's points.
    points = f"""
        FROM telemetry_fileday d
        JOIN telemetry_datapoint p ON p.source_file_id = d.source_file_id AND p.date = d.date
        JOIN telemetry_sourcefile f ON f.id = d.source_file_id
        WHERE d.telemetry_id = %s AND {condition}"""
    total = f"{sum_function(connection.vendor)}(value) AS value"
    if not contested:
        sql = f"SELECT date, series_id, {total} FROM (SELECT p.date, p.series_id, p.value {points}) AS used"
    else:
        by_bytes = '"C"' if connection.vendor == "postgresql" else "BINARY"
        sql = f"""SELECT date, series_id, {total} FROM (
            SELECT p.date, p.series_id, p.value, rank() OVER (
                PARTITION BY p.date, p.series_id ORDER BY f.last_modified DESC, f.key COLLATE {by_bytes} DESC
            ) AS place {points}) AS used WHERE place = 1"""
    return Query(f"{sql} GROUP BY date, series_id", [telemetry.pk, *params])


def _is_contested(days: QuerySet[FileDay]) -> bool:
    """Whether any of the dates stands in more than one stored file."""
    return days.values("date").annotate(files=Count("pk")).filter(files__gt=1).exists()
