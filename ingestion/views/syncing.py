"""Syncing a source now, stopping and resuming it, reading its files again."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from ingestion.forms import ReimportForm
from ingestion.models import Run
from ingestion.scope import REJECTED, read_named
from ingestion.services import activate_and_catch_up, deactivate, request_run, request_sync
from ingestion.views.guards import get_source, manage_page, render_page

BEGINS_LATER = (
    "The work queue does not answer at the moment. The run is kept, and begins by itself a minute or so "
    "after the queue is back."
)


@require_POST
@manage_page
def sync(request: HttpRequest, *, kind: str, source_id: UUID) -> HttpResponse:
    """Ask for a sync now; a second click lands on the run that the first one began."""
    source = get_source(request, kind, source_id)
    try:
        run = request_sync(
            source=source,
            trigger=Run.Trigger.MANUAL,
            now=timezone.now(),
            requested_by=cast("User", request.user),
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(source)
    return go_to_run(request, run)


@require_POST
@manage_page
def resume(request: HttpRequest, *, kind: str, source_id: UUID) -> HttpResponse:
    """Sync daily again, and catch up at once with what came in the meantime."""
    source = get_source(request, kind, source_id)
    run = activate_and_catch_up(source=source, now=timezone.now(), requested_by=cast("User", request.user))
    messages.success(request, f"{source.name} is active again. This run brings in what it missed.")
    return go_to_run(request, run)


@require_http_methods(["GET", "HEAD", "POST"])
@manage_page
def stop(request: HttpRequest, *, kind: str, source_id: UUID) -> HttpResponse:
    """Say what deactivating means, then stop the daily sync."""
    source = get_source(request, kind, source_id)
    if request.method != "POST":
        return render_page(request, "ingestion/deactivate.html", source, {})
    deactivate(source=source)
    messages.success(request, f"{source.name} is inactive: it is not synced any more. Its data stays.")
    return redirect(source)


@require_POST
@manage_page
def read_again(request: HttpRequest, *, kind: str, source_id: UUID) -> HttpResponse:
    """Read the stored files named by `key` again; without one, all that have rejected rows."""
    source = get_source(request, kind, source_id)
    keys = request.POST.getlist("key")
    try:
        run = request_run(
            source=source,
            now=timezone.now(),
            requested_by=cast("User", request.user),
            scope=read_named(keys) if keys else REJECTED,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("ingestion:files", source.public_id)
    return go_to_run(request, run)


@require_http_methods(["GET", "HEAD", "POST"])
@manage_page
def reimport(request: HttpRequest, *, kind: str, source_id: UUID) -> HttpResponse:
    """Show what reading files again would change."""
    source = get_source(request, kind, source_id)
    form = ReimportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            run = request_run(
                source=source,
                now=timezone.now(),
                requested_by=cast("User", request.user),
                is_preview=True,
                scope=form.scope(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return go_to_run(request, run)
    return render_page(request, "ingestion/reimport.html", source, {"form": form})


def go_to_run(request: HttpRequest, run: Run) -> HttpResponse:
    """The page of a run that was just asked for; says so where it cannot begin yet."""
    if run.is_late:
        messages.warning(request, BEGINS_LATER)
    return redirect("ingestion:run", run.source.public_id, run.public_id)
