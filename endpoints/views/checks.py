"""The test of an endpoint as htmx shows it: a check a request. Without JavaScript see views.pages."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import account_permission, s3_csv_telemetry_required
from accounts.roles import MANAGE_ENDPOINTS
from endpoints import pending
from endpoints.models import S3Endpoint
from endpoints.services import CannotTestNow, connection_of, record_test, save_result
from endpoints.testing import Progress, TestExpired, begin_test, continue_test


@require_POST
@account_permission(MANAGE_ENDPOINTS)
@s3_csv_telemetry_required
def check_unsaved(request: HttpRequest) -> HttpResponse:
    """The next check of the endpoint that is being added; the last one is remembered for when it is."""
    external_id = pending.get_external_id(request.session, account=request.account)
    try:
        progress = _continue(request, external_id)
    except (TestExpired, CannotTestNow) as stopped:
        return _show_stopped(request, stopped)
    if progress.report:
        record_test(endpoint=progress.endpoint, report=progress.report)
        pending.save_test(
            request.session, endpoint=progress.endpoint, report=progress.report, now=timezone.now()
        )
    return render(
        request, "endpoints/_test.html", {"progress": progress, "next_url": reverse("endpoints:add_check")}
    )


@require_POST
@account_permission(MANAGE_ENDPOINTS)
@s3_csv_telemetry_required
def check(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """The next check of an endpoint; after the last one, its page's part with what is kept."""
    endpoint = _find(request, endpoint_id)
    try:
        progress = _continue(request, endpoint.external_id)
    except (TestExpired, CannotTestNow) as stopped:
        return _show_stopped(request, stopped)
    if progress.report is None:
        return _show_progress(request, endpoint, progress)
    tested = connection_of(progress.endpoint)
    record_test(endpoint=endpoint, report=progress.report)
    save_result(endpoint=endpoint, result=progress.report, tested=tested, now=timezone.now())
    return render(request, "endpoints/_last_test.html", {"endpoint": endpoint, "is_new": True})


@require_POST
@account_permission(MANAGE_ENDPOINTS)
@s3_csv_telemetry_required
def check_change(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """The next check of a change that is not saved; what they find is remembered for when it is."""
    endpoint = _find(request, endpoint_id)
    try:
        progress = _continue(request, endpoint.external_id)
    except (TestExpired, CannotTestNow) as stopped:
        return _show_stopped(request, stopped)
    if progress.report:
        progress.endpoint.public_id = endpoint.public_id
        record_test(endpoint=endpoint, report=progress.report)
        pending.save_change_test(
            request.session, endpoint=progress.endpoint, report=progress.report, now=timezone.now()
        )
    next_url = reverse("endpoints:edit_check", args=[endpoint.public_id])
    return render(
        request, "endpoints/_test.html", {"progress": progress, "next_url": next_url, "is_change": True}
    )


def begin(request: HttpRequest, endpoint: S3Endpoint) -> HttpResponse:
    """A test of an endpoint that exists: all of its checks, waiting."""
    return _show_progress(request, endpoint, begin_test(endpoint=endpoint))


def _find(request: HttpRequest, endpoint_id: UUID) -> S3Endpoint:
    endpoints = S3Endpoint.objects.for_account(request.account).select_related("account")
    endpoint: S3Endpoint = get_object_or_404(endpoints, public_id=endpoint_id)
    return endpoint


def _show_progress(request: HttpRequest, endpoint: S3Endpoint, progress: Progress) -> HttpResponse:
    next_url = reverse("endpoints:check", args=[endpoint.public_id])
    return render(request, "endpoints/_test.html", {"progress": progress, "next_url": next_url})


def _show_stopped(request: HttpRequest, stopped: TestExpired | CannotTestNow) -> HttpResponse:
    return render(request, "endpoints/_test_stopped.html", {"reason": str(stopped)})


def _continue(request: HttpRequest, external_id: str) -> Progress:
    return continue_test(
        account=request.account, external_id=external_id, token=request.POST.get("token", "")
    )
