from __future__ import annotations

from calendar import day_name
from datetime import date
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.roles import VIEW_TELEMETRY
from ingestion.coverage import get_coverage
from ingestion.gaps import DAYS_LOOKED_AT, count_gaps
from ingestion.newest import get_later_dates, get_newest_date
from ingestion.problems import find_last_problem
from ingestion.selectors import (
    count_rejected_rows,
    get_active_run,
    list_rejected_rows,
    list_runs,
    list_source_files,
)
from ingestion.views.guards import render_page
from ingestion.views.runs import WORDS_OF_RUNS
from telemetry.forms import LONGEST_RANGE, RangeForm
from telemetry.models import Telemetry
from telemetry.newest import get_newest_range, list_newest_points
from telemetry.ranges import keep_range
from telemetry.selectors import list_mapped_columns
from telemetry.totals import Totals, get_totals
from telemetry.views.guards import get_telemetry, telemetry_page

DATES_PER_PAGE = 30
NEWEST_FILES = 5
RECENT_RUNS = 5
REJECTED_ROWS = 10
COVERAGE, WHOLE = "coverage", "main"  # ids of what htmx renews, beside the table of daily totals
WEEKDAYS = [(name, name[:2]) for name in day_name]


@require_safe
@vary_on_headers("HX-Request")
@telemetry_page(VIEW_TELEMETRY)
def detail(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """Daily totals, coverage, points, runs and files; htmx gets a part alone."""
    telemetry = get_telemetry(request, telemetry_id)
    form = RangeForm(request.GET, dimensions=telemetry.dimensions.all())
    now = timezone.now()
    totals = _totals_of(telemetry, form, now.date())
    if totals:
        form.show(totals.date_from, totals.date_to)
    context = {
        "telemetry": telemetry,
        "form": form,
        "range_query": keep_range(request.GET),
        "totals": totals,
        "page": Paginator(totals.days if totals else [], DATES_PER_PAGE).get_page(request.GET.get("page")),
        "now": now,
        "newest_date": get_newest_date(source=telemetry, today=now.date()) or telemetry.data_through,
    }
    part = request.htmx.target if request.htmx else WHOLE
    if part not in (COVERAGE, WHOLE):
        return render(request, "telemetry/_daily_totals.html", context)
    context["coverage"] = get_coverage(source=telemetry, today=now.date(), last_month=_read_month(request))
    context["weekdays"] = WEEKDAYS
    if part == COVERAGE:
        return render(request, "telemetry/_coverage.html", context)
    context |= {
        "gaps": count_gaps(sources=[telemetry], today=now.date())[telemetry.pk],
        "gap_days": DAYS_LOOKED_AT,
        "later_dates": get_later_dates(source=telemetry, today=now.date()),
        "points": list_newest_points(telemetry=telemetry, today=now.date()),
        "files": list_source_files(source=telemetry)[:NEWEST_FILES],
        **_describe_runs(telemetry),
    }
    return render_page(request, "telemetry/detail.html", telemetry, context)


@require_safe
@telemetry_page(VIEW_TELEMETRY)
def configuration(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """What the telemetry reads, and how."""
    telemetry = get_telemetry(request, telemetry_id)
    newest = get_newest_date(source=telemetry, today=timezone.now().date()) or telemetry.data_through
    context = {"telemetry": telemetry, "newest_date": newest}
    return render(request, "telemetry/configuration.html", context)


def _describe_runs(telemetry: Telemetry) -> dict[str, Any]:
    """The newest runs, the rejected rows of what counts now, and what left the telemetry failing."""
    run, problem = find_last_problem(source=telemetry) or (None, None)
    return {
        "running": get_active_run(source=telemetry),
        "runs": list_runs(source=telemetry).defer(*WORDS_OF_RUNS)[:RECENT_RUNS],
        "columns": list_mapped_columns(telemetry=telemetry),
        "rejected_rows": list_rejected_rows(source=telemetry)[:REJECTED_ROWS],
        "rejected_total": count_rejected_rows(source=telemetry),
        "problem": problem,
        "problem_run": run,
    }


def _totals_of(telemetry: Telemetry, form: RangeForm, today: date) -> Totals | None:
    """Over the range asked for, else the 30 newest dates; None where there is no data at all."""
    newest = get_newest_range(telemetry=telemetry, today=today)
    if newest is None:
        return None
    date_from, date_to = form.bounds()
    if date_from is None and date_to is None:
        date_from, date_to = newest
    date_from = date_from or min(telemetry.data_from or newest[0], date_to)
    date_to = date_to or max(newest[1], date_from)
    if date_to - date_from > LONGEST_RANGE:  # one end is open; the form refuses it where both are given
        date_from = date_to - LONGEST_RANGE
    return get_totals(telemetry=telemetry, date_from=date_from, date_to=date_to, dimension=form.dimension())


def _read_month(request: HttpRequest) -> date | None:
    """`months=2026-01`: the newest month of the calendar; None where it is not said or says nothing."""
    try:
        return date.fromisoformat(f"{request.GET.get('months', '')}-01")
    except ValueError:
        return None
