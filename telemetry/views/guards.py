from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.access import account_permission, s3_csv_telemetry_required
from ingestion.views.guards import at_one_moment
from telemetry.models import Telemetry
from telemetry.selectors import list_telemetries

View = Callable[..., HttpResponse]


def telemetry_page(perm: str) -> Callable[[View], View]:
    """Let a view be opened by members of an account with the beta who hold `perm` in it: as of one moment."""
    return lambda view: account_permission(perm)(s3_csv_telemetry_required(at_one_moment(view)))


def telemetry_download(perm: str) -> Callable[[View], View]:
    """As telemetry_page, for a download: it takes its slot first, and then reads in a moment of its own."""
    return lambda view: account_permission(perm)(s3_csv_telemetry_required(view))


def get_telemetry(request: HttpRequest, telemetry_id: UUID) -> Telemetry:
    """The account's telemetry of that public id; 404 for another account's as for none."""
    return get_object_or_404(list_telemetries(account=request.account), public_id=telemetry_id)
