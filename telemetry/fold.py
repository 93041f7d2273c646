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
    contested = _is_contested(telemetry, FileDay.objects.filter(date__in=dates))
    condition = f"d.telemetry_id = %s AND d.date IN ({marks})"
    return _fold(condition, [telemetry.pk, *dates], overlap=telemetry.overlap, contested=contested)


def fold_range(*, telemetry: Telemetry, date_from: date, date_to: date) -> Query:
    """The effective values of the dates from `date_from` to `date_to`, both included."""
    contested = _is_contested(telemetry, FileDay.objects.filter(date__range=(date_from, date_to)))
    condition = "d.telemetry_id = %s AND d.date BETWEEN %s AND %s"
    params = [telemetry.pk, date_from, date_to]
    return _fold(condition, params, overlap=telemetry.overlap, contested=contested)


def fold_staged(*, telemetry: Telemetry, date_from: date, date_to: date, overlap: str) -> Query:
    """What would count by that rule if the staged versions had taken the place of the stored ones."""
    condition = f"d.source_file_id IN ({_TO_COUNT}) AND d.date BETWEEN %s AND %s"
    return _fold(condition, [telemetry.pk, date_from, date_to], overlap=overlap, contested=True)


_TO_COUNT = """
    SELECT c.id FROM telemetry_sourcefile c WHERE c.telemetry_id = %s AND (
        c.state = 'staged' OR c.state = 'stored' AND NOT EXISTS (
            SELECT 1 FROM telemetry_sourcefile n
            WHERE n.telemetry_id = c.telemetry_id AND n.key = c.key AND n.state = 'staged'))"""


def _fold(condition: str, params: list, *, overlap: str, contested: bool) -> Query:
    # Only stored versions have FileDay rows of their telemetry, so the join brings in no other one's points.
    points = f"""
        FROM telemetry_fileday d
        JOIN telemetry_datapoint p ON p.source_file_id = d.source_file_id AND p.date = d.date
        JOIN telemetry_sourcefile f ON f.id = d.source_file_id
        WHERE {condition}"""
    total = f"{sum_function(connection.vendor)}(value) AS value"
    if overlap == Telemetry.Overlap.ADD or not contested:
        sql = f"SELECT date, series_id, {total} FROM (SELECT p.date, p.series_id, p.value {points}) AS used"
    else:
        by_bytes = '"C"' if connection.vendor == "postgresql" else "BINARY"
        sql = f"""SELECT date, series_id, {total} FROM (
            SELECT p.date, p.series_id, p.value, rank() OVER (
                PARTITION BY p.date, p.series_id ORDER BY f.last_modified DESC, f.key COLLATE {by_bytes} DESC
            ) AS place {points}) AS used WHERE place = 1"""
    return Query(f"{sql} GROUP BY date, series_id", params)


def _is_contested(telemetry: Telemetry, days: QuerySet[FileDay]) -> bool:
    """Whether any of the dates stands in several stored files; where values add up, that is no matter."""
    if telemetry.overlap == Telemetry.Overlap.ADD:
        return False
    days = days.filter(telemetry=telemetry)
    return days.values("date").annotate(files=Count("pk")).filter(files__gt=1).exists()
