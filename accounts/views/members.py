"""Settings > Members: who belongs to the active account, in which role."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import account_permission
from accounts.forms import MemberForm, RoleForm
from accounts.invitations import (
    SentInvitation,
    invite,
    list_open_and_declined,
    list_pending,
    resend,
    withdraw,
)
from accounts.mails import is_mail_set_up
from accounts.models import Invitation, Membership
from accounts.roles import MANAGE_MEMBERS
from accounts.second_factor import has_second_factor
from accounts.selectors import list_members
from accounts.services import change_role, remove_member, require_second_factor
from core.paging import paginate

PER_PAGE = 100


@require_safe
@account_permission(MANAGE_MEMBERS)
def show_members(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    members = list_members(account=request.account).select_related("user__second_factor")
    page = paginate(members, number=request.GET.get("page"), each=PER_PAGE)
    context = {
        "section": "members",
        "members": page,
        "page": page,
        "invitations": list_open_and_declined(account=request.account, now=now),
        "now": now,
    }
    return render(request, "accounts/members.html", context)


@require_POST
@account_permission(MANAGE_MEMBERS)
def require_factor(request: HttpRequest) -> HttpResponse:
    """Require a second factor of every member, or stop requiring it."""
    required = request.POST.get("required") == "yes"
    if required and not has_second_factor(request.user):
        messages.error(request, "Set up your own second factor first, or you lose access to this page.")
        return redirect("accounts:second-factor")
    require_second_factor(account=request.account, required=required)
    text = "Members must have a second factor now." if required else "The second factor is optional now."
    messages.success(request, text)
    return redirect("accounts:members")


@never_cache  # the answer may show a link
@require_http_methods(["GET", "HEAD", "POST"])
@account_permission(MANAGE_MEMBERS)
def add(request: HttpRequest) -> HttpResponse:
    form = MemberForm(request.POST or None, account=request.account)
    if form.is_valid():
        try:
            sent = invite(
                account=request.account,
                **form.cleaned_data,
                invited_by=request.user,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _say_sent(request, sent)
    context = {"section": "members", "form": form, "by_mail": is_mail_set_up()}
    return render(request, "accounts/member_add.html", context)


@never_cache
@require_POST
@account_permission(MANAGE_MEMBERS)
def send_invitation_again(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    invitation = _get_invitation(request, invitation_id)
    try:
        sent = resend(invitation=invitation, invited_by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("accounts:members")
    return _say_sent(request, sent)


@require_http_methods(["GET", "HEAD", "POST"])
@account_permission(MANAGE_MEMBERS)
def withdraw_invitation(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    invitation = _get_invitation(request, invitation_id)
    if request.method != "POST":
        context = {"section": "members", "invitation": invitation}
        return render(request, "accounts/invitation_withdraw.html", context)
    if withdraw(invitation=invitation, now=timezone.now()):
        messages.success(request, f"The invitation of {invitation.email} was withdrawn.")
    else:
        messages.error(request, f"{invitation.email} has answered the invitation in the meantime.")
    return redirect("accounts:members")


def _say_sent(request: HttpRequest, sent: SentInvitation) -> HttpResponse:
    invitation = sent.invitation
    if sent.link:  # shown by this response alone: not stored, not even in the session
        context = {"section": "members", "invitation": invitation, "link": sent.link}
        return render(request, "accounts/invitation_link_shown.html", context)
    messages.success(request, f"An invitation was mailed to {invitation.email}.")
    return redirect("accounts:members")


def _get_invitation(request: HttpRequest, invitation_id: UUID) -> Invitation:
    return get_object_or_404(list_pending(account=request.account), public_id=invitation_id)


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
        messages.success(request, f"{membership.user.email} was removed from {request.account.name}.")
        return redirect("accounts:members" if membership.user != request.user else "home")
    return render(request, "accounts/member_remove.html", {"section": "members", "membership": membership})


def _get_member(request: HttpRequest, member_id: UUID) -> Membership:
    return get_object_or_404(list_members(account=request.account), public_id=member_id)
