"""What a run over a telemetry's files warns of, beside what ingestion.warnings says of every source."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import connection
from django.db.models import Sum

from core.dates import spell
from core.exact_sum import sum_function
from core.rows import as_date
from ingestion.models import Run
from telemetry.mapping_changes import get_overlap
from telemetry.models import Telemetry

PARTS_OF_ONE_EXPORT = timedelta(hours=1)  # files modified within it of each other


def list_warnings(run: Run) -> list[dict[str, str]]:
    """[{kind, text}]"""
    if not run.files_planned:
        return []
    found = (("rows_repeated", _warn_repeats(run)), ("parts_of_one_export", _warn_overlaps(run)))
    return [{"kind": kind, "text": text} for kind, text in found if text]


def _warn_repeats(run: Run) -> str | None:
    files = run.files.filter(rows_repeated__gt=0)
    repeated = files.aggregate(rows=Sum("rows_repeated"))["rows"]
    if not repeated:
        return None
    return (
        f"Rows equal to an earlier row of their file in everything but the metric: {repeated}; "
        f"their values were added up. First in {files.order_by('pk')[0].key}."
    )


def _warn_overlaps(run: Run) -> str | None:
    """Files of this run that look like parts of one export, and hold different values for the same point."""
    if get_overlap(run=run) == Telemetry.Overlap.ADD:
        return None
    found = _find_overlap(run)
    if found is None:
        return None
    one, other, day = found
    return (
        f"{one} and {other} were modified within an hour of each other and hold different values for the "
        f"same point of {spell(as_date(day))}; the newer one counts. If they are parts of one export, choose "
        "the overlap rule that adds values up."
    )


def _find_overlap(run: Run) -> tuple[str, str, date] | None:
    """Two keys and a date.

    Only files with another one near them in time are looked into: windows of days that are restated day after
    day would be compared all with all. And of those near each other, where any two differ, two that follow
    each other do.
    """
    value = f"{sum_function(connection.vendor)}(p.value)"
    sql = f"""
        WITH read_days AS (
            SELECT d.date, d.source_file_id, f.key, f.last_modified,
                   lag(f.last_modified) OVER in_order AS before, lead(f.last_modified) OVER in_order AS after
            FROM ingestion_runfile r
            JOIN ingestion_sourcefile f ON f.id = r.source_file_id
            JOIN ingestion_fileday d ON d.source_file_id = f.id
            WHERE r.run_id = %s AND r.state = 'read'
            WINDOW in_order AS (PARTITION BY d.date ORDER BY f.last_modified, f.key)
        ), held AS (
            SELECT d.date, d.key, d.last_modified, p.series_id, {value} AS value
            FROM read_days d
            JOIN telemetry_datapoint p ON p.source_file_id = d.source_file_id AND p.date = d.date
            WHERE {_near("d.before", "d.last_modified")} OR {_near("d.last_modified", "d.after")}
            GROUP BY d.date, d.key, d.last_modified, p.series_id
        ), in_turn AS (
            SELECT date, key, last_modified, value, lag(key) OVER in_order AS other_key,
                   lag(last_modified) OVER in_order AS before, lag(value) OVER in_order AS other_value
            FROM held
            WINDOW in_order AS (PARTITION BY date, series_id ORDER BY last_modified, key)
        )
        SELECT other_key, key, date FROM in_turn
        WHERE value <> other_value AND {_near("before", "last_modified")} LIMIT 1"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [run.pk])
        found: tuple[str, str, date] | None = cursor.fetchone()
    return found


def _near(earlier: str, later: str) -> str:
    """SQL: the two were modified within PARTS_OF_ONE_EXPORT of each other; not so where one is NULL."""
    seconds = int(PARTS_OF_ONE_EXPORT.total_seconds())
    if connection.vendor == "sqlite":
        return f"unixepoch({later}) - unixepoch({earlier}) <= {seconds}"
    return f"{later} - {earlier} <= interval '{seconds} seconds'"
