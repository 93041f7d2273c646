from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import account_permission, s3_csv_telemetry_required
from accounts.models import User
from accounts.roles import MANAGE_ENDPOINTS, VIEW_ENDPOINTS
from core.paging import paginate
from endpoints import pending
from endpoints.forms import EndpointForm, NewEndpointForm
from endpoints.iam import Documents, kms_policy_name, make_documents
from endpoints.models import S3Endpoint
from endpoints.prefixes import join_prefix, normalise_path_prefix
from endpoints.selectors import list_endpoints
from endpoints.services import (
    CannotTestNow,
    EndpointInUse,
    check_location_unchanged,
    create_endpoint,
    delete_endpoint,
    run_connection_test,
    run_endpoint_test,
    update_endpoint,
)
from endpoints.storage import list_regions
from endpoints.testing import Progress, begin_test
from endpoints.views import checks

PAGE_SIZE = 50
SEARCH_FROM = 10  # endpoints: fewer are seen at a glance
EXTERNAL_ID_CHANGED = (
    "The External ID below is a new one, because this page was open for too long or in a second window. "
    "Put it into the role's trust policy, then add the endpoint."
)


@require_safe
@account_permission(VIEW_ENDPOINTS)
@s3_csv_telemetry_required
def show_list(request: HttpRequest) -> HttpResponse:
    search = request.GET.get("search", "").strip()
    page = paginate(
        list_endpoints(account=request.account, search=search),
        number=request.GET.get("page"),
        each=PAGE_SIZE,
    )
    context = {"page": page, "search": search, "searchable": search or page.paginator.count > SEARCH_FROM}
    return render(request, "endpoints/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@account_permission(MANAGE_ENDPOINTS)
@s3_csv_telemetry_required
def add(request: HttpRequest) -> HttpResponse:
    """One page; its buttons say by `action` what to do with what was typed: policies, test or add."""
    external_id = pending.get_external_id(request.session, account=request.account)
    action = request.POST.get("action", "add")
    if request.method != "POST" or action == "policies":
        form = NewEndpointForm(initial=request.POST.dict(), external_id=external_id)
        return _show_add(request, form)
    form = NewEndpointForm(request.POST, external_id=external_id, name_required=action == "add")
    if form.shows_another_external_id():
        return _answer_stale_page(request, form)
    if not form.is_valid():
        return _show_add(request, form)
    return _test_unsaved(request, form) if action == "test" else _add(request, form)


@require_safe
@account_permission(VIEW_ENDPOINTS)
@s3_csv_telemetry_required
def show(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    endpoint = _get_endpoint(request, endpoint_id)
    context = {
        "endpoint": endpoint,
        "telemetries": endpoint.sources.order_by("name"),
        **_setup(
            endpoint.external_id,
            endpoint.bucket,
            endpoint.full_prefix(""),
            endpoint.region,
            role_arn=endpoint.role_arn,
        ),
    }
    return render(request, "endpoints/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@account_permission(MANAGE_ENDPOINTS)
@s3_csv_telemetry_required
def edit(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """What was typed is tested or saved, by the button (`action`)."""
    endpoint = _get_endpoint(request, endpoint_id)
    if request.method != "POST":
        return _show_edit(request, endpoint, EndpointForm.showing(endpoint))
    testing = request.POST.get("action") == "test"
    form = EndpointForm(request.POST, name_required=not testing)
    if not form.is_valid():
        return _show_edit(request, endpoint, form)
    return _test_change(request, endpoint, form) if testing else _save_change(request, endpoint, form)


@require_POST
@account_permission(MANAGE_ENDPOINTS)
@s3_csv_telemetry_required
def test(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    endpoint = _get_endpoint(request, endpoint_id)
    if request.htmx:
        return checks.begin(request, endpoint)
    try:
        run_endpoint_test(endpoint=endpoint, now=timezone.now())
    except CannotTestNow as reason:
        messages.warning(request, str(reason))
    return redirect("endpoints:detail", endpoint.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@account_permission(MANAGE_ENDPOINTS)
@s3_csv_telemetry_required
def delete(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    endpoint = _get_endpoint(request, endpoint_id)
    if request.method == "POST":
        try:
            delete_endpoint(endpoint=endpoint)
        except EndpointInUse:
            pass  # the page says by which telemetries
        else:
            messages.success(request, f"{endpoint.name} was deleted.")
            return redirect("endpoints:list")
    telemetries = endpoint.sources.order_by("name")
    status = 409 if request.method == "POST" else 200
    return render(
        request, "endpoints/delete.html", {"endpoint": endpoint, "telemetries": telemetries}, status=status
    )


def _get_endpoint(request: HttpRequest, endpoint_id: UUID) -> S3Endpoint:
    endpoints = S3Endpoint.objects.for_account(request.account).select_related("account", "created_by")
    endpoint: S3Endpoint = get_object_or_404(endpoints, public_id=endpoint_id)
    return endpoint


def _test_unsaved(request: HttpRequest, form: NewEndpointForm) -> HttpResponse:
    endpoint = form.unsaved_endpoint(account=request.account)
    if request.htmx:
        next_url = reverse("endpoints:add_check")
        return _show_add(request, form, progress=begin_test(endpoint=endpoint), next_url=next_url)
    try:
        report = run_connection_test(endpoint=endpoint)
    except CannotTestNow as reason:
        messages.warning(request, str(reason))
        return _show_add(request, form, status=429)
    pending.save_test(request.session, endpoint=endpoint, report=report, now=timezone.now())
    return _show_add(request, form, progress=Progress(endpoint, report.checks))


def _add(request: HttpRequest, form: NewEndpointForm) -> HttpResponse:
    try:
        endpoint = create_endpoint(
            account=request.account,
            external_id=form.external_id,
            created_by=cast("User", request.user),
            **form.endpoint_fields(),
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _show_add(request, form)
    pending.finish_adding(request.session, endpoint=endpoint)
    messages.success(request, f"{endpoint.name} was added.")
    return redirect("endpoints:detail", endpoint.public_id)


def _test_change(request: HttpRequest, endpoint: S3Endpoint, form: EndpointForm) -> HttpResponse:
    changed = form.changed_endpoint(endpoint)
    try:
        with transaction.atomic():
            check_location_unchanged(changed)  # refused when it is saved: so before it is tested, too
        if request.htmx:
            next_url = reverse("endpoints:edit_check", args=[endpoint.public_id])
            return _show_edit(
                request, endpoint, form, progress=begin_test(endpoint=changed), next_url=next_url
            )
        report = run_connection_test(endpoint=changed)
    except ValidationError as error:
        form.add_error(None, error)
        return _show_edit(request, endpoint, form)
    except CannotTestNow as reason:
        messages.warning(request, str(reason))
        return _show_edit(request, endpoint, form, status=429)
    pending.save_change_test(request.session, endpoint=changed, report=report, now=timezone.now())
    return _show_edit(request, endpoint, form, progress=Progress(changed, report.checks))


def _save_change(request: HttpRequest, endpoint: S3Endpoint, form: EndpointForm) -> HttpResponse:
    was_tested = endpoint.tested_at is not None
    try:
        update_endpoint(endpoint=endpoint, **form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return _show_edit(request, endpoint, form)
    pending.finish_change(request.session, endpoint=endpoint)
    text = f"{endpoint.name} was saved."
    if was_tested and endpoint.tested_at is None:
        text += " Its connection has changed: choose Test Endpoint."
    messages.success(request, text)
    return redirect("endpoints:detail", endpoint.public_id)


def _show_edit(
    request: HttpRequest, endpoint: S3Endpoint, form: EndpointForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "endpoint": _get_endpoint(request, endpoint.public_id),  # the stored one, not the form's
        "form": form,
        "telemetries": endpoint.sources.order_by("name"),
        "regions": list_regions(),
        "is_change": True,
        **more,
    }
    return render(request, "endpoints/edit.html", context, status=status)


def _answer_stale_page(request: HttpRequest, form: NewEndpointForm) -> HttpResponse:
    """The page shows an external ID that is not the next one: it was used up just now, or was never ours."""
    shown = form.data.get("shown_external_id", "")
    added = S3Endpoint.objects.for_account(request.account).filter(external_id=shown).first()
    if added is not None:  # a second click on Add Endpoint
        return redirect("endpoints:detail", added.public_id)
    messages.warning(request, EXTERNAL_ID_CHANGED)
    fresh = NewEndpointForm(initial=request.POST.dict(), external_id=form.external_id)
    return _show_add(request, fresh)


def _show_add(request: HttpRequest, form: NewEndpointForm, *, status: int = 200, **more: Any) -> HttpResponse:
    bucket, prefix, region = (
        str(form[name].value() or "").strip() for name in ("bucket", "path_prefix", "region")
    )
    context = {
        "form": form,
        "regions": list_regions(),
        **_setup(form.external_id, bucket, join_prefix(normalise_path_prefix(prefix), ""), region),
        **more,
    }
    return render(request, "endpoints/add.html", context, status=status)


def _setup(external_id: str, bucket: str, prefix: str, region: str, *, role_arn: str = "") -> dict[str, Any]:
    """What a person needs in AWS."""
    documents: Documents = make_documents(
        external_id=external_id, bucket=bucket, prefix=prefix, region=region, role_arn=role_arn
    )
    return {
        "documents": documents,
        "external_id": external_id,
        "aws_account_id": settings.AWS_ACCOUNT_ID,
        "role_name": settings.SUGGESTED_ROLE_NAME,
        "policy_name": settings.SUGGESTED_POLICY_NAME,
        "kms_policy_name": kms_policy_name(),
        "contact": settings.SUPPORT_CONTACT,
    }
