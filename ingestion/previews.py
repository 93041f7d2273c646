"""Reading files again, and changing how they are read: shown first by a rehearsal, then applied."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.roles import MANAGE_TELEMETRY
from ingestion.forms import ChangeForm, ReimportForm
from ingestion.scope import REJECTED, read_named
from ingestion.selectors import list_runs
from ingestion.services import apply_rehearsal, request_run
from ingestion.views import go_to_run
from telemetry.models import Telemetry
from telemetry.selectors import list_dimensions
from telemetry.views.guards import get_telemetry, telemetry_page


@require_POST
@telemetry_page(MANAGE_TELEMETRY)
def read_again(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """Read the stored files named by `key` again; without one, all that have rejected rows."""
    telemetry = get_telemetry(request, telemetry_id)
    keys = request.POST.getlist("key")
    try:
        run = request_run(
            telemetry=telemetry,
            now=timezone.now(),
            requested_by=request.user,
            scope=read_named(keys) if keys else REJECTED,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("telemetry:files", telemetry.public_id)
    return go_to_run(request, run)


@require_http_methods(["GET", "HEAD", "POST"])
@telemetry_page(MANAGE_TELEMETRY)
def reimport(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """Show what reading files again would change."""
    telemetry = get_telemetry(request, telemetry_id)
    form = ReimportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _rehearse(request, telemetry, form, "ingestion/reimport.html", scope=form.scope())
    return render(request, "ingestion/reimport.html", {"telemetry": telemetry, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@telemetry_page(MANAGE_TELEMETRY)
def change(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """Show what other dimensions or another overlap rule would change."""
    telemetry = get_telemetry(request, telemetry_id)
    now = {"dimensions": "\n".join(list_dimensions(telemetry=telemetry)), "overlap": telemetry.overlap}
    form = ChangeForm(request.POST or None, initial=now, telemetry=telemetry)
    if request.method == "POST" and form.is_valid():
        return _rehearse(request, telemetry, form, "ingestion/change.html", change=form.change())
    return render(request, "ingestion/change.html", {"telemetry": telemetry, "form": form})


@require_POST
@telemetry_page(MANAGE_TELEMETRY)
def apply(request: HttpRequest, telemetry_id: UUID, run_id: UUID) -> HttpResponse:
    """Do what a rehearsal showed."""
    telemetry = get_telemetry(request, telemetry_id)
    rehearsal = get_object_or_404(list_runs(telemetry=telemetry), public_id=run_id, is_rehearsal=True)
    try:
        run = apply_rehearsal(
            rehearsal=rehearsal,
            keeps_unreadable=bool(request.POST.get("keeps_unreadable")),
            now=timezone.now(),
            requested_by=request.user,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        run = rehearsal
    return go_to_run(request, run)


def _rehearse(
    request: HttpRequest, telemetry: Telemetry, form: Form, template: str, **asked: Any
) -> HttpResponse:
    try:
        run = request_run(
            telemetry=telemetry, now=timezone.now(), requested_by=request.user, is_rehearsal=True, **asked
        )
    except ValidationError as error:
        form.add_error(None, error)
        return render(request, template, {"telemetry": telemetry, "form": form})
    return go_to_run(request, run)
