from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.roles import VIEW_TELEMETRY
from telemetry.day_points import DayForm, get_neighbours, list_groups
from telemetry.ranges import HANDED_ON, keep_range
from telemetry.selectors import list_daily_totals
from telemetry.shown import explain_day
from telemetry.views.guards import get_telemetry, telemetry_page

POINTS_SHOWN = 200


@require_safe
@telemetry_page(VIEW_TELEMETRY)
def day(request: HttpRequest, telemetry_id: UUID, day: date) -> HttpResponse:
    """Where a day's number comes from: its source files and its data points."""
    telemetry = get_telemetry(request, telemetry_id)
    totals = list_daily_totals(telemetry=telemetry, date_from=day, date_to=day)
    if not totals:
        raise Http404
    form = DayForm(request.GET, dimensions=telemetry.dimensions.all())
    groups, has_more_points = list_groups(
        telemetry=telemetry, day=day, by=form.dimension, order=form.order, limit=POINTS_SHOWN
    )
    files, files_in_all = explain_day(telemetry=telemetry, date=day)
    before, after = get_neighbours(telemetry=telemetry, day=day)
    context = {
        "telemetry": telemetry,
        "day": day,
        "range_query": keep_range(request.GET),
        "kept": [(name, value) for name, value in request.GET.items() if name in HANDED_ON],
        "form": form,
        "before": before,
        "after": after,
        "total": totals[0].value,
        "files": files,
        "files_in_all": files_in_all,
        "groups": groups,
        "points_shown": sum(len(group.points) for group in groups),
        "has_more_points": has_more_points,
    }
    return render(request, "telemetry/day.html", context)
