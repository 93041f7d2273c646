from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.http import require_safe

from accounts.roles import VIEW_TELEMETRY
from core.decimals import plain
from core.downloads import stream_csv
from telemetry.forms import RangeForm
from telemetry.models import DailyTotal, Telemetry
from telemetry.selectors import list_dimensions, list_points
from telemetry.totals import Totals, get_totals
from telemetry.views.guards import get_telemetry, telemetry_download


@require_safe
@telemetry_download(VIEW_TELEMETRY)
def totals_csv(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """Date and total, oldest first, of the range asked for or of all dates; with `by`, as the chart."""
    telemetry = get_telemetry(request, telemetry_id)
    form = RangeForm(request.GET, dimensions=telemetry.dimensions.all())
    if not form.is_valid():
        return _refuse(form)
    date_from, date_to = form.bounds()
    if form.dimension() and date_from and date_to:
        totals = get_totals(
            telemetry=telemetry, date_from=date_from, date_to=date_to, dimension=form.dimension()
        )
        return _stream_stacked(telemetry, totals)
    rows = DailyTotal.objects.filter(
        telemetry=telemetry,
        dimension=DailyTotal.OVERALL,
        date__range=(date_from or date.min, date_to or date.max),
    ).order_by("date")
    return stream_csv(
        account_id=telemetry.account_id,
        filename=f"{telemetry.identifier}-daily-totals.csv",
        header=["date", telemetry.identifier],
        rows=((day.isoformat(), plain(value)) for day, value in rows.values_list("date", "value").iterator()),
    )


@require_safe
@telemetry_download(VIEW_TELEMETRY)
def points_csv(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """Date, dimension values and value, oldest first, of the range asked for or of all dates."""
    telemetry = get_telemetry(request, telemetry_id)
    form = RangeForm(request.GET)
    if not form.is_valid():
        return _refuse(form)
    date_from, date_to = form.bounds()
    points = list_points(telemetry=telemetry, date_from=date_from, date_to=date_to)
    return stream_csv(
        account_id=telemetry.account_id,
        filename=f"{telemetry.identifier}-data-points.csv",
        header=_list_columns(telemetry),
        rows=((point.date.isoformat(), *point.dimensions, plain(point.value)) for point in points),
    )


def _list_columns(telemetry: Telemetry) -> Iterator[str]:
    """Asked in the moment in which the rows are read: the mapping may have changed since."""
    telemetry.refresh_from_db()
    yield from ("date", *list_dimensions(telemetry=telemetry), telemetry.identifier)


def _stream_stacked(telemetry: Telemetry, totals: Totals) -> HttpResponse:
    """The figures of the table below the chart. A day without data has no row, a value none no cell."""
    layers = [totals.overall, *totals.stacks]
    return stream_csv(
        account_id=telemetry.account_id,
        filename=f"{telemetry.identifier}-daily-totals.csv",
        header=["date", *(layer.label for layer in layers)],
        rows=(
            (
                day.isoformat(),
                *(plain(layer.values[day]) if day in layer.values else "" for layer in layers),
            )
            for day in sorted(totals.overall.values)
        ),
    )


def _refuse(form: RangeForm) -> HttpResponse:
    reasons = " ".join(text for texts in form.errors.values() for text in texts)
    return HttpResponseBadRequest(reasons, content_type="text/plain; charset=utf-8")
