from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.roles import VIEW_TELEMETRY
from core.paging import paginate
from core.search import split_search
from telemetry.forms import FilesForm
from telemetry.models import SourceFile
from telemetry.selectors import list_source_files
from telemetry.views.guards import get_telemetry, telemetry_page

PER_PAGE = 50


@require_safe
@vary_on_headers("HX-Request")
@telemetry_page(VIEW_TELEMETRY)
def files(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """The source files of a telemetry, newest first; htmx gets the table alone."""
    telemetry = get_telemetry(request, telemetry_id)
    filters = FilesForm(request.GET, states=SourceFile.State.choices)
    rows = list_source_files(telemetry=telemetry)
    if filters.is_valid():
        if filters.cleaned_data["state"]:
            rows = rows.filter(state=filters.cleaned_data["state"])
        for word in split_search(filters.cleaned_data["search"]):
            rows = rows.filter(key__icontains=word)
    context = {
        "telemetry": telemetry,
        "filters": filters,
        "is_narrowed": any(request.GET.get(name) for name in filters.fields),
        "has_files": telemetry.source_files.exists(),
        "page": paginate(rows, number=request.GET.get("page"), each=PER_PAGE),
    }
    template = "telemetry/_files.html" if request.htmx else "telemetry/files.html"
    return render(request, template, context)
