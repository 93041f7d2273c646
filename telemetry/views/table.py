from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.roles import MANAGE_TELEMETRY, VIEW_TELEMETRY
from core.paging import paginate
from endpoints.models import S3Endpoint
from ingestion.gaps import count_gaps
from ingestion.newest import annotate_newest_date
from telemetry.filters import TelemetryFilter
from telemetry.newest import list_newest_values
from telemetry.selectors import list_telemetries
from telemetry.views.guards import telemetry_page
from telemetry.wizard.selectors import list_unfinished_drafts
from telemetry.wizard.steps import first_incomplete

PER_PAGE = 50


@require_safe
@vary_on_headers("HX-Request")
@telemetry_page(VIEW_TELEMETRY)
def table(request: HttpRequest) -> HttpResponse:
    """The Telemetries table; htmx gets the table alone."""
    now = timezone.now()
    everything = list_telemetries(account=request.account)
    everything = annotate_newest_date(everything, today=now.date())
    rows = TelemetryFilter(request.GET, queryset=everything, request=request)
    page = paginate(rows.qs, number=request.GET.get("page"), each=PER_PAGE)
    gaps = count_gaps(sources=page.object_list, today=now.date())
    context = {"filter": rows, "page": page, "now": now, "gaps": gaps}
    context["values"] = list_newest_values(page.object_list)
    context["has_telemetries"] = context["has_endpoints"] = True  # as any row shows
    if not page.object_list:
        context["has_telemetries"] = everything.exists()
        context["has_endpoints"] = S3Endpoint.objects.for_account(request.account).exists()
    if request.htmx:
        return render(request, "telemetry/_table.html", context)
    if request.user.has_perm(MANAGE_TELEMETRY, request.account):
        drafts = list_unfinished_drafts(account=request.account, user=request.user)
        context["drafts"] = [(draft, first_incomplete(draft.answers)) for draft in drafts]
    return render(request, "telemetry/table.html", context)
