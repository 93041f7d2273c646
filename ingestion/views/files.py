from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from core.paging import paginate
from core.search import split_search
from ingestion.forms import FilesForm
from ingestion.models import SourceFile
from ingestion.selectors import count_rejected_rows, get_active_run, list_source_files
from ingestion.views.guards import get_source, render_page, view_page

PER_PAGE = 50


@require_safe
@vary_on_headers("HX-Request")
@view_page
def files(request: HttpRequest, *, kind: str, source_id: UUID) -> HttpResponse:
    """The files of a source, newest first; htmx gets the table alone."""
    source = get_source(request, kind, source_id)
    filters = FilesForm(request.GET, states=SourceFile.State.choices)
    rows = list_source_files(source=source)
    if filters.is_valid():
        if filters.cleaned_data["state"]:
            rows = rows.filter(state=filters.cleaned_data["state"])
        for word in split_search(filters.cleaned_data["search"]):
            rows = rows.filter(key__icontains=word)
    context = {
        "filters": filters,
        "is_narrowed": any(request.GET.get(name) for name in filters.fields),
        "has_files": source.source_files.exists(),
        "has_rejected_rows": count_rejected_rows(source=source) > 0,
        "running": get_active_run(source=source),
        "page": paginate(rows, number=request.GET.get("page"), each=PER_PAGE),
    }
    template = "ingestion/_files.html" if request.htmx else "ingestion/files.html"
    return render_page(request, template, source, context)
