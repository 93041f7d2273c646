from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from core.downloads import stream_csv
from core.paging import paginate
from ingestion.datasets import get_dataset
from ingestion.models import RejectedRow, Run, RunFile, Source
from ingestion.problems import explain_problem
from ingestion.selectors import (
    count_rejected_rows,
    count_rows,
    get_active_run,
    list_reasons,
    list_rejected_rows,
    list_runs,
)
from ingestion.views.guards import download, get_source, render_page, view_page

RUNS_PER_PAGE = 50
REJECTED_ROWS_SHOWN = 100
FAILED_FILES_SHOWN = 100
ROWS_AT_A_TIME = 100  # of a download: a row's cells are a thousand characters each
WORDS_OF_RUNS = ("warnings", "changes", "scope_keys", "message")  # not in a list of them


@require_safe
@view_page
def runs(request: HttpRequest, *, kind: str, source_id: UUID) -> HttpResponse:
    """All runs of a source, newest first."""
    source = get_source(request, kind, source_id)
    page = paginate(
        list_runs(source=source).defer(*WORDS_OF_RUNS),
        number=request.GET.get("page"),
        each=RUNS_PER_PAGE,
    )
    context = {"page": page, "now": timezone.now(), "running": get_active_run(source=source)}
    return render_page(request, "ingestion/runs.html", source, context)


@require_safe
@vary_on_headers("HX-Request")
@view_page
def run(request: HttpRequest, *, kind: str, source_id: UUID, run_id: UUID) -> HttpResponse:
    """One run: counts, warnings, failed files, rejected rows; htmx gets it alone, again and again."""
    source, run = _get_run(request, kind, source_id, run_id)
    failed = run.files.filter(state=RunFile.State.FAILED)
    is_active = run.state in Run.ACTIVE_STATES
    reason = request.GET.get("reason")
    rejected = list_rejected_rows(run=run, reason=reason)
    context = {
        "columns": get_dataset(kind).list_columns(source),
        "run": run,
        "problem": explain_problem(run=run),
        "running": get_active_run(source=source),
        "progress": count_rows(run=run) if is_active else None,
        "failed_files": failed[:FAILED_FILES_SHOWN],
        "reasons": list_reasons(run=run),
        "reason": reason,
        "has_rejected_rows": count_rejected_rows(source=source) > 0,
        "page": paginate(rejected, number=request.GET.get("page"), each=REJECTED_ROWS_SHOWN),
    }
    template = "ingestion/_run.html" if request.htmx else "ingestion/run.html"
    return render_page(request, template, source, context)


@require_safe
@download
def rejects_csv(request: HttpRequest, *, kind: str, source_id: UUID, run_id: UUID) -> HttpResponseBase:
    """The rejected rows of a run with their mapped cells as they were (neutralised for spreadsheets).

    `?reason=` has those of one reason alone.
    """
    source, run = _get_run(request, kind, source_id, run_id)
    rejected = list_rejected_rows(run=run, reason=request.GET.get("reason"))
    return _stream_rejects(source, rejected, f"{run.created_at:%Y-%m-%d}")


@require_safe
@download
def current_rejects_csv(request: HttpRequest, *, kind: str, source_id: UUID) -> HttpResponseBase:
    """The rejected rows of the files that count now."""
    source = get_source(request, kind, source_id)
    return _stream_rejects(source, list_rejected_rows(source=source), "now")


def _stream_rejects(source: Source, rejected: QuerySet[RejectedRow], when: str) -> HttpResponseBase:
    rejected = rejected.only("row_number", "reason", "cells", "run_file__key", "run_file__state")
    columns = get_dataset(source.kind).list_columns(source)
    return stream_csv(
        account_id=source.account_id,
        filename=f"{source.identifier}-rejected-rows-{when}.csv",
        header=["file", "file state", "row", "reason", *columns],
        rows=(
            (
                row.run_file.key,
                row.run_file.state,
                str(row.row_number),
                row.reason,
                *(row.cells.get(column, "") for column in columns),
            )
            for row in rejected.iterator(chunk_size=ROWS_AT_A_TIME)
        ),
    )


def _get_run(request: HttpRequest, kind: str, source_id: UUID, run_id: UUID) -> tuple[Source, Run]:
    source = get_source(request, kind, source_id)
    run = get_object_or_404(list_runs(source=source), public_id=run_id)
    run.source = source  # which has what its kind adds
    return source, run
