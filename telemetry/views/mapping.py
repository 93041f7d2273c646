"""Changing the dimensions and the overlap rule: shown first by a preview, then applied."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.roles import MANAGE_TELEMETRY
from ingestion.selectors import list_runs
from ingestion.services import request_run
from ingestion.views.syncing import go_to_run
from telemetry.forms import ChangeForm
from telemetry.mapping_changes import apply_preview, as_options
from telemetry.views.guards import get_telemetry, telemetry_page


@require_http_methods(["GET", "HEAD", "POST"])
@telemetry_page(MANAGE_TELEMETRY)
def change(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """Show what other dimensions or another overlap rule would change."""
    telemetry = get_telemetry(request, telemetry_id)
    form = ChangeForm(request.POST or None, telemetry=telemetry)
    if request.method == "POST" and form.is_valid():
        try:
            run = request_run(
                source=telemetry,
                now=timezone.now(),
                requested_by=request.user,
                is_preview=True,
                **as_options(form.change()),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return go_to_run(request, run)
    return render(request, "telemetry/change.html", {"telemetry": telemetry, "form": form})


@require_POST
@telemetry_page(MANAGE_TELEMETRY)
def apply(request: HttpRequest, telemetry_id: UUID, run_id: UUID) -> HttpResponse:
    """Do what a preview showed."""
    telemetry = get_telemetry(request, telemetry_id)
    preview = get_object_or_404(list_runs(source=telemetry), public_id=run_id, is_preview=True)
    try:
        run = apply_preview(
            preview=preview,
            telemetry=telemetry,
            keeps_unreadable=bool(request.POST.get("keeps_unreadable")),
            now=timezone.now(),
            requested_by=request.user,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        run = preview
    return go_to_run(request, run)
