from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.roles import MANAGE_TELEMETRY
from telemetry.forms import DeleteForm, EditForm
from telemetry.models import Telemetry
from telemetry.selectors import dimensions_are_free, list_dimensions
from telemetry.services import delete_telemetry, update_telemetry
from telemetry.views.guards import get_telemetry, telemetry_page
from telemetry.wizard.sampling import SampleProblems, read_columns


@require_http_methods(["GET", "HEAD", "POST"])
@telemetry_page(MANAGE_TELEMETRY)
def edit(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """Change the name and description, and until the first sync the dimensions."""
    telemetry = get_telemetry(request, telemetry_id)
    now = {
        "name": telemetry.name,
        "description": telemetry.description,
        "max_rejected_percent": telemetry.max_rejected_percent,
    }
    form = EditForm(request.POST or None, initial=now, **_ask_for_dimensions(telemetry))
    if request.method == "POST" and form.is_valid():
        try:
            update_telemetry(telemetry=telemetry, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"Saved the changes to {form.cleaned_data['name']}.")
            return redirect("telemetry:detail", telemetry.public_id)
    return render(request, "telemetry/edit.html", {"telemetry": telemetry, "form": form})


def _ask_for_dimensions(telemetry: Telemetry) -> dict[str, Any]:
    """How EditForm is to ask: by the newest files' columns until the first sync, not at all after it."""
    if not dimensions_are_free(telemetry=telemetry):
        return {}
    held = list_dimensions(telemetry=telemetry)
    try:
        return {"held": held, "columns": _list_choices(telemetry)}
    except SampleProblems:
        return {"held": held, "columns": (), "names_typed": True}


def _list_choices(telemetry: Telemetry) -> list[str]:
    columns = read_columns(endpoint=telemetry.endpoint, prefix=telemetry.prefix)
    return [name for name in columns if name not in (telemetry.date_column, telemetry.metric_column)]


@require_http_methods(["GET", "HEAD", "POST"])
@telemetry_page(MANAGE_TELEMETRY)
def delete(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """Ask for the identifier, then delete the telemetry with its data."""
    telemetry = get_telemetry(request, telemetry_id)
    form = DeleteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            delete_telemetry(telemetry=telemetry, identifier=form.cleaned_data["identifier"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"Deleted {telemetry.name} and its data.")
            return redirect("telemetry:list")
    return render(request, "telemetry/delete.html", {"telemetry": telemetry, "form": form})
