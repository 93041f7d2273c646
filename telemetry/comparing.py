"""What would change if the staged versions counted: day by day, value by value, before it is done."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal
from typing import Any

from django.db import connection
from django.db.models import Max, Min, Q

from core.decimals import plain
from core.exact_sum import sum_function
from core.rows import as_date, stream_rows
from ingestion.models import FileDay, Run, SourceFile
from telemetry.daily_totals import dimension_sql
from telemetry.mapping_changes import adds_dimension, list_dropped
from telemetry.models import Telemetry
from telemetry.overlap import Query, effective_if_staged, effective_of_range
from telemetry.reprojecting import describe_reprojected
from telemetry.selectors import list_dimensions

LARGEST = 100  # days that are listed
_EXACT = Context(prec=100)


@dataclass(frozen=True, slots=True)
class DayChange:
    """A day whose values would change; None: it has no data then."""

    date: date
    before: Decimal | None
    after: Decimal | None
    added: int  # values
    changed: int
    gone: int

    @property
    def weight(self) -> tuple[Decimal, int]:
        difference = _EXACT.subtract(self.after or Decimal(0), self.before or Decimal(0))
        return abs(difference), self.added + self.changed + self.gone

    def to_json(self) -> dict[str, Any]:
        return {
            "date": self.date.isoformat(),
            "before": None if self.before is None else plain(self.before),
            "after": None if self.after is None else plain(self.after),
            "values_added": self.added,
            "values_changed": self.changed,
            "values_gone": self.gone,
        }


@dataclass(slots=True)
class Comparison:
    """Days and values that would be added, change or be gone, and totals, over the days that are compared.

    A value belongs to a date and a combination of `dimensions`: those that a telemetry has before and after.
    """

    dimensions: list[str]
    days_compared: int = 0
    days_added: int = 0
    days_changed: int = 0
    days_gone: int = 0
    values_added: int = 0
    values_changed: int = 0
    values_gone: int = 0
    points_before: int = 0
    points_after: int = 0
    total_before: Decimal = Decimal(0)
    total_after: Decimal = Decimal(0)
    largest: list[DayChange] = field(default_factory=list)  # the largest change first

    def add(self, day: DayChange) -> None:
        self.days_compared += 1
        self.values_added += day.added
        self.values_changed += day.changed
        self.values_gone += day.gone
        self.total_before = _EXACT.add(self.total_before, day.before or Decimal(0))
        self.total_after = _EXACT.add(self.total_after, day.after or Decimal(0))
        if day.before is None:
            self.days_added += 1
        elif day.after is None:
            self.days_gone += 1
        elif day.added or day.changed or day.gone:
            self.days_changed += 1

    def to_json(self) -> dict[str, Any]:
        """For keeping and showing; decimals as plain text."""
        counts = {
            name: getattr(self, name)
            for name in self.__slots__
            if name not in ("dimensions", "total_before", "total_after", "largest")
        }
        return {
            "dimensions": self.dimensions,
            **counts,
            "total_before": plain(self.total_before),
            "total_after": plain(self.total_after),
            "days": [day.to_json() for day in self.largest],
        }


def diff_preview(*, run: Run, telemetry: Telemetry) -> dict[str, Any]:
    """What the staged files of a preview would change, and what it would lose, as JSON."""
    unread = describe_reprojected(telemetry=telemetry)
    change = run.mapping_change if run.is_changeover else None
    found = compare_staged(
        telemetry=telemetry,
        dimensions=change and change.dimensions,
        overlap=change.overlap if change else "",
    )
    return {
        **found.to_json(),
        "unreadable": {"files": unread.files, "days": unread.days, "keys": unread.keys},
        "dropped": list_dropped(run=run, telemetry=telemetry),
        "needs_consent": bool(unread.files) and adds_dimension(run=run, telemetry=telemetry),
    }


def compare_staged(
    *, telemetry: Telemetry, dimensions: Sequence[str] | None = None, overlap: str = ""
) -> Comparison:
    """What counts now beside what would count with the staged versions, by the dimensions and overlap rule
    given or by the telemetry's own. Both are read in the transaction of the caller.
    """
    held = list_dimensions(telemetry=telemetry)
    after = held if dimensions is None else list(dimensions)
    comparison = Comparison([column for column in held if column in after])
    bounds = _find_bounds(telemetry, everything=dimensions is not None or bool(overlap))
    if bounds is None:
        return comparison
    changed: list[DayChange] = []
    for points_before, points_after, day in _compare(telemetry, bounds, held, after, overlap):
        comparison.points_before += points_before
        comparison.points_after += points_after
        comparison.add(day)
        if day.weight > (0, 0):
            changed.append(day)
        if len(changed) > 10 * LARGEST:
            changed = _take_largest(changed)
    comparison.largest = _take_largest(changed)
    return comparison


def _take_largest(days: list[DayChange]) -> list[DayChange]:
    return heapq.nlargest(LARGEST, days, key=lambda day: (day.weight, day.date))


def _find_bounds(telemetry: Telemetry, *, everything: bool) -> tuple[date, date] | None:
    """The dates that may change: of staged versions, and of what they would take the place of."""
    staged = telemetry.source_files.filter(state=SourceFile.State.STAGED)
    concerned = Q(source_file__in=staged) | Q(source=telemetry)
    if not everything:
        concerned &= Q(source_file__key__in=staged.values("key"), source_file__source=telemetry)
    found = FileDay.objects.filter(concerned).aggregate(first=Min("date"), last=Max("date"))
    return None if found["first"] is None else (found["first"], found["last"])


def _compare(
    telemetry: Telemetry, bounds: tuple[date, date], held: list[str], after: list[str], overlap: str
) -> Iterator[tuple[int, int, DayChange]]:
    """(points before, points after, the day), by date."""
    first, last = bounds
    overlap = overlap or telemetry.overlap
    old = effective_of_range(telemetry=telemetry, date_from=first, date_to=last)
    new = effective_if_staged(telemetry=telemetry, date_from=first, date_to=last, overlap=overlap)
    shared = None if held == after else [column for column in held if column in after]
    total = sum_function(connection.vendor)
    none = f"CAST(NULL AS {'numeric' if connection.vendor == 'postgresql' else 'text'})"
    sql = f"""
        WITH sides AS (
            SELECT date, name, points AS points_before, 0 AS points_after, value AS before, {none} AS after
            FROM ({_name_values(old, held, shared)}) AS old
            UNION ALL
            SELECT date, name, 0, points, {none}, value FROM ({_name_values(new, after, shared)}) AS new
        ), pairs AS (
            SELECT date, name, max(before) AS before, max(after) AS after,
                   sum(points_before) AS points_before, sum(points_after) AS points_after
            FROM sides GROUP BY date, name
        )
        SELECT sum(points_before), sum(points_after), date, {total}(before), {total}(after),
               sum(CASE WHEN before IS NULL THEN 1 ELSE 0 END),
               sum(CASE WHEN before <> after THEN 1 ELSE 0 END),
               sum(CASE WHEN after IS NULL THEN 1 ELSE 0 END)
        FROM pairs GROUP BY date"""
    for points_before, points_after, day, *sums, added, changed, gone in stream_rows(
        sql, [*old.params, *new.params]
    ):
        before, later = (None if value is None else Decimal(str(value)) for value in sums)
        change = DayChange(as_date(day), before, later, int(added), int(changed), int(gone))
        yield int(points_before), int(points_after), change


def _name_values(effective: Query, columns: Sequence[str], shared: Sequence[str] | None) -> str:
    """Values by date and name: of a series, or of the combination of the shared columns' values."""
    if shared is None:
        return f"SELECT date, series_id AS name, value, 1 AS points FROM ({effective.sql}) AS effective"
    array = "json_array" if connection.vendor == "sqlite" else "jsonb_build_array"
    cells = ", ".join(dimension_sql("s", columns.index(column) + 1) for column in shared)
    return f"""
        SELECT e.date AS date, CAST({array}({cells}) AS text) AS name,
               {sum_function(connection.vendor)}(e.value) AS value, count(*) AS points
        FROM ({effective.sql}) AS e JOIN telemetry_series s ON s.id = e.series_id GROUP BY 1, 2"""
