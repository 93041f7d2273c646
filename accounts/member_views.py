"""Settings > Members: who belongs to the active account, and as what."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.crypto import get_random_string
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import account_permission
from accounts.forms import MemberForm, RoleForm
from accounts.models import Membership
from accounts.paging import paginate
from accounts.roles import MANAGE_MEMBERS
from accounts.second_factor import has_second_factor
from accounts.selectors import list_members
from accounts.services import add_member, change_role, remove_member, require_second_factor

PER_PAGE = 100


@require_safe
@account_permission(MANAGE_MEMBERS)
def show_members(request: HttpRequest) -> HttpResponse:
    page = paginate(list_members(account=request.account), number=request.GET.get("page"), each=PER_PAGE)
    return render(request, "accounts/members.html", {"section": "members", "members": page, "page": page})


@require_POST
@account_permission(MANAGE_MEMBERS)
def require_factor(request: HttpRequest) -> HttpResponse:
    """Ask a second factor of every member, or no longer."""
    required = request.POST.get("required") == "yes"
    if required and not has_second_factor(request.user):
        messages.error(request, "Set up your own second factor first, or this page closes to you.")
        return redirect("accounts:second-factor")
    require_second_factor(account=request.account, required=required)
    text = "Members need a second factor now." if required else "A second factor is up to each member now."
    messages.success(request, text)
    return redirect("accounts:members")


@sensitive_post_parameters("password")
@never_cache  # the answer may show a password
@require_http_methods(["GET", "HEAD", "POST"])
@account_permission(MANAGE_MEMBERS)
def add(request: HttpRequest) -> HttpResponse:
    form = MemberForm(request.POST or None, account=request.account)
    if form.is_valid():
        made = "" if form.cleaned_data["password"] else get_random_string(16)
        try:
            membership, _ = add_member(
                account=request.account,
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                role=form.cleaned_data["role"],
                password=made or form.cleaned_data["password"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _say_added(request, membership, made)
    return render(request, "accounts/member_add.html", {"section": "members", "form": form})


def _say_added(request: HttpRequest, membership: Membership, made: str) -> HttpResponse:
    if made:  # shown by this answer alone: it is kept nowhere, not even in the session
        context = {"section": "members", "membership": membership, "password": made}
        return render(request, "accounts/member_added.html", context)
    messages.success(request, f"{membership.user.email} is added.")
    return redirect("accounts:members")


@require_http_methods(["GET", "HEAD", "POST"])
@account_permission(MANAGE_MEMBERS)
def edit(request: HttpRequest, member_id: UUID) -> HttpResponse:
    membership = _get_member(request, member_id)
    form = RoleForm(request.POST or None, initial={"role": membership.role})
    if form.is_valid():
        try:
            change_role(membership=membership, role=form.cleaned_data["role"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{membership.user.email} is {membership.get_role_display()} now.")
            return redirect("accounts:members" if membership.user != request.user else "home")
    context = {"section": "members", "form": form, "membership": membership}
    return render(request, "accounts/member_edit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@account_permission(MANAGE_MEMBERS)
def remove(request: HttpRequest, member_id: UUID) -> HttpResponse:
    membership = _get_member(request, member_id)
    if request.method == "POST":
        try:
            remove_member(membership=membership)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("accounts:members")
        messages.success(request, f"{membership.user.email} is removed from {request.account.name}.")
        return redirect("accounts:members" if membership.user != request.user else "home")
    return render(request, "accounts/member_remove.html", {"section": "members", "membership": membership})


def _get_member(request: HttpRequest, member_id: UUID) -> Membership:
    return get_object_or_404(list_members(account=request.account), public_id=member_id)
