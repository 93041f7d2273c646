"""What pages show of data: so many rows, and of each value the beginning, cut by the database.

A value of a dimension may be as long as a row of a file (a megabyte), and a page has hundreds of them: what a
process reads, keeps and answers follows what is shown. Downloads have everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from core.beginnings import Beginning, begin_sql, pair_beginnings
from core.rows import as_date, order_by_bytes, stream_rows
from core.snapshot import snapshot
from ingestion.models import FileDay, RejectedDay, SourceFile
from telemetry.daily_totals import dimension_sql
from telemetry.models import Telemetry
from telemetry.overlap import effective_of_range, find_winning_files
from telemetry.selectors import list_dimensions

FILES_SHOWN = 100
VERSIONS_SHOWN = 5  # of a file, beside the stored one
VERSIONS_READ = 500  # of all files that are shown
State = SourceFile.State


@dataclass(frozen=True, slots=True)
class ShownPoint:
    """As selectors.Point, with the beginnings of its dimension values."""

    date: date
    dimensions: tuple[Beginning, ...]
    value: Decimal


@snapshot()
def list_shown_points(
    *, telemetry: Telemetry, date_from: date, date_to: date, limit: int, newest_first: bool = False
) -> list[ShownPoint]:
    """The first `limit` values that count, by date and by the beginnings of their dimension values."""
    effective = effective_of_range(telemetry=telemetry, date_from=date_from, date_to=date_to)
    dimensions = [
        dimension_sql("s", number + 1) for number in range(len(list_dimensions(telemetry=telemetry)))
    ]
    starts = [order_by_bytes(begin_sql(dimension)) for dimension in dimensions]
    order = ", ".join(["e.date DESC" if newest_first else "e.date", *starts, "s.key"])
    # The few rows are chosen first: the second join, and it alone, asks for the lengths.
    sql = f"""
        SELECT e.date, e.value {cells_sql(dimensions)} FROM (
            SELECT e.date, e.series_id, e.value FROM ({effective.sql}) AS e
            {join_series_sql()} ORDER BY {order} LIMIT {int(limit)}
        ) AS e {join_series_sql()} ORDER BY {order}"""
    return [
        ShownPoint(as_date(day), tuple(pair_beginnings(rest)), Decimal(str(value)))
        for day, value, *rest in stream_rows(sql, effective.params)
    ]


@snapshot()
def explain_day(*, telemetry: Telemetry, date: date) -> tuple[list[FileDay], int]:
    """The first stored files that hold the date, the one that wins under `newest` first, and how many do.

    Each has `.counts`: False where every value of it stands in a newer file too.
    """
    held = FileDay.objects.filter(source=telemetry, date=date)
    days = list(
        held.select_related("source_file").order_by("-source_file__last_modified", "-source_file__key")[
            :FILES_SHOWN
        ]
    )
    adds = telemetry.overlap == Telemetry.Overlap.ADD
    counting = None if adds or len(days) < 2 else find_winning_files(telemetry=telemetry, day=date)
    _attach_history(telemetry, days)
    for day in days:
        day.counts = counting is None or day.source_file_id in counting
    return days, len(days) if len(days) < FILES_SHOWN else held.count()


def _attach_history(telemetry: Telemetry, days: list[FileDay]) -> None:
    """`.rejected`: rows of the date that were. `.earlier`: the newest versions of the file before it."""
    files = [day.source_file for day in days]
    rejected = RejectedDay.objects.filter(source_file__in=files, date__in={day.date for day in days})
    counts = dict(rejected.values_list("source_file", "rows"))
    before: dict[str, list[SourceFile]] = defaultdict(list)
    versions = telemetry.source_files.filter(key__in=[file.key for file in files], state=State.SUPERSEDED)
    for version in versions.order_by("-last_modified", "-pk")[:VERSIONS_READ]:
        if version.imported_at is not None:  # else its reading was given up, and it never counted
            before[version.key].append(version)
    for day in days:
        day.rejected = counts.get(day.source_file_id, 0)
        day.earlier = before[day.source_file.key][:VERSIONS_SHOWN]


def join_series_sql() -> str:
    """SQL that gives rows of `e` their series as `s`; PostgreSQL unpacks its values once, not at each use."""
    if connection.vendor != "postgresql":
        return "JOIN telemetry_series s ON s.id = e.series_id"
    return """JOIN telemetry_series r ON r.id = e.series_id
            CROSS JOIN LATERAL (SELECT r.key, r.dimensions #> '{}' AS dimensions OFFSET 0) AS s"""


def cells_sql(dimensions: Sequence[str]) -> str:
    """SQL that selects each dimension's beginning and length, as `pair_beginnings` takes them."""
    return "".join(f", {begin_sql(dimension)}, length({dimension})" for dimension in dimensions)
