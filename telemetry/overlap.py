"""Which values count where several files hold the same date and series: in SQL, for every reader.

`newest`: the file modified last wins, ties by key, compared by its bytes (core.fields.KeyField). `add`:
the values of all files add up. Within one file the parts of a point always add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from core.exact_sum import sum_function
from core.rows import stream_rows
from telemetry.models import Telemetry

# Of files modified at the same moment the last key wins, by its bytes.
NEWEST_FIRST = "f.last_modified DESC, f.key DESC"
_POINTS = """
    SELECT p.date, p.series_id, p.value FROM held h
    JOIN telemetry_datapoint p ON p.source_file_id = h.source_file_id AND p.date = h.date"""


@dataclass(frozen=True, slots=True)
class Query:
    """SQL with its parameters; yields rows of (date, series_id, value), one for each date and series."""

    sql: str
    params: list


def effective_of_dates(*, telemetry: Telemetry, dates: Sequence[date]) -> Query:
    """The effective values of these dates."""
    marks = ", ".join(["%s"] * len(dates)) or "NULL"
    condition = f"source_id = %s AND date IN ({marks})"
    return _overlap(condition, [telemetry.pk, *dates], overlap=telemetry.overlap)


def effective_of_range(*, telemetry: Telemetry, date_from: date, date_to: date) -> Query:
    """The effective values of the dates from `date_from` to `date_to`, both included."""
    condition = "source_id = %s AND date BETWEEN %s AND %s"
    return _overlap(condition, [telemetry.pk, date_from, date_to], overlap=telemetry.overlap)


def effective_if_staged(*, telemetry: Telemetry, date_from: date, date_to: date, overlap: str) -> Query:
    """What would count by that rule if the staged versions had taken the place of the stored ones."""
    condition = f"source_file_id IN ({_TO_COUNT}) AND date BETWEEN %s AND %s"
    return _overlap(condition, [telemetry.pk, date_from, date_to], overlap=overlap)


def find_winning_files(*, telemetry: Telemetry, day: date) -> set[int]:
    """The files of which a value counts on the day, under `newest`, by their ids."""
    sql = f"""
        SELECT DISTINCT source_file_id FROM (
            SELECT p.source_file_id, rank() OVER (
                PARTITION BY p.series_id ORDER BY {NEWEST_FIRST}
            ) AS place
            FROM ingestion_fileday h
            JOIN telemetry_datapoint p ON p.source_file_id = h.source_file_id AND p.date = h.date
            JOIN ingestion_sourcefile f ON f.id = h.source_file_id
            WHERE h.source_id = %s AND h.date = %s
        ) AS ranked WHERE place = 1"""
    return {source_file_id for (source_file_id,) in stream_rows(sql, [telemetry.pk, day])}


_TO_COUNT = """
    SELECT c.id FROM ingestion_sourcefile c WHERE c.source_id = %s AND (
        c.state = 'staged' OR c.state = 'stored' AND NOT EXISTS (
            SELECT 1 FROM ingestion_sourcefile n
            WHERE n.source_id = c.source_id AND n.key = c.key AND n.state = 'staged'))"""


def _overlap(condition: str, params: list, *, overlap: str) -> Query:
    """One statement, so that it sees one state of the files: which dates are contested, and their points.

    Only stored versions have FileDay rows of their telemetry, so the join brings in no other one's points.
    """
    total = f"{sum_function(connection.vendor)}(value) AS value"
    adds = overlap == Telemetry.Overlap.ADD
    sql = f"""
        WITH held AS (
            SELECT date, source_file_id, count(*) OVER (PARTITION BY date) AS files FROM ingestion_fileday
            WHERE {condition}
        )
        SELECT date, series_id, {total} FROM ({_POINTS if adds else _newest()}) AS used
        GROUP BY date, series_id"""
    return Query(sql, params)


def _newest() -> str:
    """The points of dates that one file alone holds; of the others, which are few, the winners."""
    return f"""{_POINTS} WHERE h.files = 1
        UNION ALL
        SELECT date, series_id, value FROM (
            SELECT p.date, p.series_id, p.value, rank() OVER (
                PARTITION BY p.date, p.series_id ORDER BY {NEWEST_FIRST}
            ) AS place
            FROM held h
            JOIN telemetry_datapoint p ON p.source_file_id = h.source_file_id AND p.date = h.date
            JOIN ingestion_sourcefile f ON f.id = h.source_file_id
            WHERE h.files > 1
        ) AS ranked WHERE place = 1"""
