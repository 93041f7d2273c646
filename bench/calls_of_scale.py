"""The calls of bench.inside that bench.scale makes."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from itertools import islice
from statistics import median

from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ingestion.models import Run
from ingestion.schedule import last_due_day, list_due_sources
from ingestion.selectors import get_data_range, list_lost_runs
from ingestion.services import recover_lost_runs, start_due_syncs
from telemetry.daily_totals import dimension_sql
from telemetry.models import Telemetry
from telemetry.overlap import effective_of_range
from telemetry.selectors import list_points
from telemetry.totals import get_totals

TIMES = 7
EXPORTED = 1_000_000


def month_by_one(account: str) -> dict:
    """A month stacked by a dimension, as the detail page has it: from daily totals."""
    telemetry, first, last = _newest_month(account)
    dimension = telemetry.dimensions.get(position=1)
    return _time(
        lambda: get_totals(telemetry=telemetry, date_from=first, date_to=last, dimension=dimension), TIMES
    )


def month_by_two(account: str) -> dict:
    """A month by two dimensions: from the points."""
    telemetry, first, last = _newest_month(account)
    effective = effective_of_range(telemetry=telemetry, date_from=first, date_to=last)
    sql = f"""SELECT e.date, {dimension_sql("s", 1)}, {dimension_sql("s", 2)}, sum(e.value)
        FROM ({effective.sql}) AS e JOIN telemetry_series s ON s.id = e.series_id GROUP BY 1, 2, 3"""

    def read() -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, effective.params)
            cursor.fetchall()

    return _time(read, 3)


def export(account: str) -> dict:
    """Rows a second of an export, over its first million rows."""
    telemetry = _get_telemetry(account)
    first, last = get_data_range(source=telemetry)
    started = time.perf_counter()
    points = list_points(telemetry=telemetry, date_from=max(first, last - timedelta(49)), date_to=last)
    rows = sum(1 for _ in islice(points, EXPORTED))
    seconds = time.perf_counter() - started
    return {"rows": rows, "seconds": round(seconds, 2), "rows_per_second": round(rows / seconds)}


def schedule() -> dict:
    """What the scheduler asks each minute, and the hour at which every telemetry is due."""
    now = timezone.now()
    found = {
        "due_all": _time(lambda: list_due_sources(now=now), 3),
        "lost": _time(lambda: list(list_lost_runs(now=now)), TIMES),
        "telemetries_due": len(list_due_sources(now=now)),
    }
    started = time.perf_counter()
    reset_queries()
    with CaptureQueriesContext(connection) as queries:
        found["started"] = start_due_syncs(now=now)
    found["start_seconds"] = round(time.perf_counter() - started, 2)
    found["start_queries"] = len(queries)
    found["due_none"] = _time(lambda: list_due_sources(now=now), TIMES)
    queued = Run.objects.filter(state=Run.State.QUEUED)
    queued.update(created_at=now - timedelta(hours=1))  # as if every message had been lost
    started = time.perf_counter()
    found["recovered"] = recover_lost_runs(now=now)
    found["recover_seconds"] = round(time.perf_counter() - started, 2)
    found["day"] = last_due_day(now=now)[0].isoformat()
    return found


def _time(action: Callable[[], object], times: int) -> dict:
    action()
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return {"median_ms": round(median(seconds) * 1000, 1)}


def _newest_month(account: str) -> tuple[Telemetry, date, date]:
    telemetry = _get_telemetry(account)
    last = get_data_range(source=telemetry)[1]
    return telemetry, last - timedelta(29), last


def _get_telemetry(account: str) -> Telemetry:
    return Telemetry.objects.filter(account__slug=account).earliest("pk")


CALLS = {"month-by-one": month_by_one, "month-by-two": month_by_two, "export": export, "schedule": schedule}
