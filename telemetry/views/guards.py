from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.access import account_permission, s3_csv_telemetry_required
from telemetry.models import Telemetry
from telemetry.selectors import list_telemetries

View = Callable[..., HttpResponse]


def telemetry_page(perm: str) -> Callable[[View], View]:
    """Let a view be opened by members of an account with the beta who hold `perm` in it."""

    def guard(view: View) -> View:
        return account_permission(perm)(s3_csv_telemetry_required(view))

    return guard


def get_telemetry(request: HttpRequest, telemetry_id: UUID) -> Telemetry:
    """The account's telemetry of that public id; 404 for another account's as for none."""
    return get_object_or_404(list_telemetries(account=request.account), public_id=telemetry_id)
