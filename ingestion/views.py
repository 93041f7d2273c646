"""Syncing a telemetry by hand, and the pages of its runs."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.roles import MANAGE_TELEMETRY, VIEW_TELEMETRY
from core.downloads import stream_csv
from core.paging import paginate
from ingestion.models import RejectedRow, RunFile, SyncRun
from ingestion.problems import explain_problem
from ingestion.selectors import count_rows, get_active_run, list_reasons, list_rejected_rows, list_runs
from ingestion.services import activate_and_catch_up, request_sync
from telemetry.models import Telemetry
from telemetry.selectors import list_mapped_columns
from telemetry.services import deactivate_telemetry
from telemetry.views.guards import get_telemetry, telemetry_download, telemetry_page

RUNS_PER_PAGE = 50
REJECTED_ROWS_SHOWN = 100
FAILED_FILES_SHOWN = 100
ROWS_AT_A_TIME = 100  # of a download: a row's cells are a thousand characters each
WORDS_OF_RUNS = ("warnings", "comparison", "scope_keys", "message", "new_dimensions")  # not in a list of them
BEGINS_LATER = (
    "The work queue does not answer at the moment. The run is kept, and begins by itself a minute or so "
    "after the queue is back."
)


@require_POST
@telemetry_page(MANAGE_TELEMETRY)
def sync(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """Ask for a sync now; a second click lands on the run that the first one began."""
    telemetry = get_telemetry(request, telemetry_id)
    try:
        run = request_sync(
            telemetry=telemetry,
            trigger=SyncRun.Trigger.MANUAL,
            now=timezone.now(),
            requested_by=request.user,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("telemetry:detail", telemetry.public_id)
    return go_to_run(request, run)


@require_POST
@telemetry_page(MANAGE_TELEMETRY)
def activate(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """Sync daily again, and catch up at once with what came in the meantime."""
    telemetry = get_telemetry(request, telemetry_id)
    run = activate_and_catch_up(telemetry=telemetry, now=timezone.now(), requested_by=request.user)
    messages.success(request, f"{telemetry.name} is active again. This run brings in what it missed.")
    return go_to_run(request, run)


@require_http_methods(["GET", "HEAD", "POST"])
@telemetry_page(MANAGE_TELEMETRY)
def deactivate(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """Say what deactivating means, then stop the daily sync."""
    telemetry = get_telemetry(request, telemetry_id)
    if request.method != "POST":
        return render(request, "ingestion/deactivate.html", {"telemetry": telemetry})
    deactivate_telemetry(telemetry=telemetry)
    messages.success(request, f"{telemetry.name} is inactive: it is not synced any more. Its data stays.")
    return redirect("telemetry:detail", telemetry.public_id)


@require_safe
@telemetry_page(VIEW_TELEMETRY)
def runs(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """All runs of a telemetry, newest first."""
    telemetry = get_telemetry(request, telemetry_id)
    page = paginate(
        list_runs(telemetry=telemetry).defer(*WORDS_OF_RUNS),
        number=request.GET.get("page"),
        each=RUNS_PER_PAGE,
    )
    return render(request, "ingestion/runs.html", {"telemetry": telemetry, "page": page})


@require_safe
@vary_on_headers("HX-Request")
@telemetry_page(VIEW_TELEMETRY)
def run(request: HttpRequest, telemetry_id: UUID, run_id: UUID) -> HttpResponse:
    """One run: counts, warnings, failed files, rejected rows; htmx gets it alone, again and again."""
    telemetry, run = _get_run(request, telemetry_id, run_id)
    failed = run.files.filter(state=RunFile.State.FAILED)
    is_active = run.state in SyncRun.ACTIVE_STATES
    reason = request.GET.get("reason")
    rejected = list_rejected_rows(run=run, reason=reason)
    context = {
        "telemetry": telemetry,
        "columns": list_mapped_columns(telemetry=telemetry),
        "run": run,
        "problem": explain_problem(run=run),
        "is_syncing": get_active_run(telemetry=telemetry),
        "progress": count_rows(run=run) if is_active else None,
        "failed_files": failed[:FAILED_FILES_SHOWN],
        "reasons": list_reasons(run=run),
        "reason": reason,
        "page": paginate(rejected, number=request.GET.get("page"), each=REJECTED_ROWS_SHOWN),
    }
    return render(request, "ingestion/_run.html" if request.htmx else "ingestion/run.html", context)


@require_safe
@telemetry_download(VIEW_TELEMETRY)
def rejects_csv(request: HttpRequest, telemetry_id: UUID, run_id: UUID) -> HttpResponse:
    """The rejected rows of a run with their mapped cells as they were (neutralised for spreadsheets).

    `?reason=` has those of one reason alone.
    """
    telemetry, run = _get_run(request, telemetry_id, run_id)
    rejected = list_rejected_rows(run=run, reason=request.GET.get("reason"))
    return _stream_rejects(telemetry, rejected, f"{run.created_at:%Y-%m-%d}")


@require_safe
@telemetry_download(VIEW_TELEMETRY)
def current_rejects_csv(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """The rejected rows of the files that count now."""
    telemetry = get_telemetry(request, telemetry_id)
    return _stream_rejects(telemetry, list_rejected_rows(telemetry=telemetry), "now")


def _stream_rejects(telemetry: Telemetry, rejected: QuerySet[RejectedRow], when: str) -> HttpResponse:
    rejected = rejected.only("row_number", "reason", "cells", "run_file__key", "run_file__state")
    columns = list_mapped_columns(telemetry=telemetry)
    return stream_csv(
        account_id=telemetry.account_id,
        filename=f"{telemetry.identifier}-rejected-rows-{when}.csv",
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


def go_to_run(request: HttpRequest, run: SyncRun) -> HttpResponse:
    """The page of a run that was just asked for; says so where it cannot begin yet."""
    if run.is_late:
        messages.warning(request, BEGINS_LATER)
    return redirect("ingestion:run", run.telemetry.public_id, run.public_id)


def _get_run(request: HttpRequest, telemetry_id: UUID, run_id: UUID) -> tuple[Telemetry, SyncRun]:
    telemetry = get_telemetry(request, telemetry_id)
    return telemetry, get_object_or_404(list_runs(telemetry=telemetry), public_id=run_id)
