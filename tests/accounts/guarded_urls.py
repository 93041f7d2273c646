"""The product's addresses, and views behind each of the access decorators."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.urls import path

from accounts import roles
from accounts.access import account_permission, s3_csv_telemetry_required
from config.style import show_style
from config.urls import urlpatterns as product_urls


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"open to {request.account}")


def break_down(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("internal secret")


def refuse(request: HttpRequest) -> HttpResponse:
    raise BadRequest("internal secret")


PERMISSIONS = {
    "view-telemetry": roles.VIEW_TELEMETRY,
    "manage-telemetry": roles.MANAGE_TELEMETRY,
    "view-endpoints": roles.VIEW_ENDPOINTS,
    "manage-endpoints": roles.MANAGE_ENDPOINTS,
    "manage-members": roles.MANAGE_MEMBERS,
}
urlpatterns = [
    *product_urls,
    *[path(f"guarded/{name}/", account_permission(perm)(answer)) for name, perm in PERMISSIONS.items()],
    path("gated/", account_permission(roles.VIEW_TELEMETRY)(s3_csv_telemetry_required(answer))),
    path("gated-first/", s3_csv_telemetry_required(account_permission(roles.VIEW_TELEMETRY)(answer))),
    path("broken/", break_down),
    path("refused/", refuse),
    path("components/", show_style),
]
