from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.roles import MANAGE_TELEMETRY
from telemetry.forms import DeleteForm, EditForm
from telemetry.selectors import dimensions_are_free, list_dimensions
from telemetry.services import delete_telemetry, update_telemetry
from telemetry.views.guards import get_telemetry, telemetry_page


@require_http_methods(["GET", "HEAD", "POST"])
@telemetry_page(MANAGE_TELEMETRY)
def edit(request: HttpRequest, telemetry_id: UUID) -> HttpResponse:
    """Change the name and description, and until the first sync the dimensions."""
    telemetry = get_telemetry(request, telemetry_id)
    now = {
        "name": telemetry.name,
        "description": telemetry.description,
        "max_rejected_percent": telemetry.max_rejected_percent,
        "dimensions": "\n".join(list_dimensions(telemetry=telemetry)),
    }
    free = dimensions_are_free(telemetry=telemetry)
    form = EditForm(request.POST or None, initial=now, with_dimensions=free)
    if request.method == "POST" and form.is_valid():
        try:
            update_telemetry(telemetry=telemetry, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"Saved the changes to {form.cleaned_data['name']}.")
            return redirect("telemetry:detail", telemetry.public_id)
    return render(request, "telemetry/edit.html", {"telemetry": telemetry, "form": form})


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
