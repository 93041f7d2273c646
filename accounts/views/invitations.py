"""The page of an invitation link, and the invitations of the signed-in person.

A GET changes nothing, since mail scanners follow links: every answer is a POST.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import answers
from accounts.answers import InvitationClosed, NextStep, SignInFirst
from accounts.invitations import find_by_token, find_for_person, list_for_person
from accounts.mails import is_mail_set_up
from accounts.models import Invitation, User
from accounts.proof import has_verified_address
from accounts.sessions import enter_account, note_sign_in_to
from accounts.signing_in import begin_sign_in

TOKEN = "invitation_token"  # noqa: S105  # nosec B105 (a session key)
SIGN_IN_FIRST = "This address has a sign-in already. Sign in with it, then accept."


@never_cache
@require_safe
def follow_link(request: HttpRequest, token: str) -> HttpResponse:
    """Moves the token from the URL into the session, so that no Referer leaks it.

    An unknown token creates no session: anybody could create any number.
    """
    if find_by_token(token, now=timezone.now()) is None:
        return _show_closed(request)
    request.session[TOKEN] = token
    return redirect("accounts:invitation")


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show_invitation(request: HttpRequest) -> HttpResponse:
    """Shows who invites to which account and role, and what the person can do next."""
    invitation = find_by_token(request.session.get(TOKEN, ""), now=timezone.now())
    if invitation is None:
        return _show_closed(request)
    signed_in = request.user if request.user.is_authenticated else None
    step = answers.find_next_step(invitation=invitation, signed_in=signed_in)
    if step is NextStep.CLOSED:
        return _show_closed(request)
    # Of two links in two tabs the session has the last: nobody may answer an invitation that they do not see.
    answer = request.POST.get("answer") if request.POST.get("of") == str(invitation.public_id) else None
    if answer and step is not NextStep.OTHER_PERSON:
        return _take_answer(request, invitation, step, signed_in, answer)
    return _show(request, invitation, step)


def _take_answer(
    request: HttpRequest, invitation: Invitation, step: NextStep, signed_in: User | None, answer: str
) -> HttpResponse:
    form = _make_form(request, invitation, step) if answer == "password" else None
    try:
        if answer == "decline":
            answers.decline(invitation=invitation, user=signed_in, now=timezone.now())
            return _say_declined(request, invitation)
        if answer == "accept" and step is NextStep.ANSWER:
            answers.accept(invitation=invitation, user=signed_in, now=timezone.now())
            return _enter(request, invitation)
        if form is not None and form.is_valid():
            return _set_password(request, invitation, form, signed_in)
    except InvitationClosed:
        return _show_closed(request)
    return _show(request, invitation, step, form)


def _set_password(
    request: HttpRequest, invitation: Invitation, form: SetPasswordForm, signed_in: User | None
) -> HttpResponse:
    now = timezone.now()
    password = form.cleaned_data["new_password1"]
    try:
        user = answers.accept_with_password(
            invitation=invitation, password=password, signed_in=signed_in, now=now
        )
    except SignInFirst:
        form.add_error(None, SIGN_IN_FIRST)
    except ValidationError as error:
        form.add_error("new_password1", error.messages)
    else:
        if begin_sign_in(request, user=user, next_url="", method="invitation", now=now):
            return _enter(request, invitation)
        return redirect("accounts:sign-in-code")
    return _show(request, invitation, NextStep.EITHER, form)


def _make_form(request: HttpRequest, invitation: Invitation, step: NextStep) -> SetPasswordForm | None:
    if step not in {NextStep.PASSWORD, NextStep.EITHER}:
        return None
    person = User(email=invitation.email, name=invitation.name)  # for whom no password may be set
    return SetPasswordForm(person, request.POST if request.POST.get("answer") == "password" else None)


def _show(
    request: HttpRequest, invitation: Invitation, step: NextStep, form: SetPasswordForm | None = None
) -> HttpResponse:
    context = {
        "invitation": invitation,
        "step": step.name,
        "form": form or _make_form(request, invitation, step),
        "contact": settings.SUPPORT_CONTACT,
    }
    return render(request, "accounts/invitation.html", context)


def _show_closed(request: HttpRequest) -> HttpResponse:
    context = {"contact": settings.SUPPORT_CONTACT}
    return render(request, "accounts/invitation_closed.html", context, status=410)


def _enter(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Switches to the account that the person has joined."""
    request.session.pop(TOKEN, None)
    enter_account(request.session, account=invitation.account)
    note_sign_in_to(invitation.account, user=request.user, now=timezone.now())
    messages.success(request, f"You are a member of {invitation.account.name} now.")
    return redirect("home")


def _say_declined(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    request.session.pop(TOKEN, None)
    messages.success(request, f"You declined the invitation of {invitation.account.name}.")
    return redirect("accounts:invitations" if request.user.is_authenticated else "accounts:login")


@require_safe
@login_required
def show_invitations(request: HttpRequest) -> HttpResponse:
    """Empty for an unverified address, which may be somebody else's."""
    is_shown = has_verified_address(request.user)
    found = list_for_person(user=request.user, now=timezone.now()) if is_shown else []
    context = {
        "invitations": found,
        "is_shown": is_shown,
        "by_mail": is_mail_set_up(),
        "contact": settings.SUPPORT_CONTACT,
    }
    return render(request, "accounts/invitations.html", context)


@require_POST
@login_required
def answer(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    now = timezone.now()
    invitation = None
    if has_verified_address(request.user):
        invitation = find_for_person(user=request.user, public_id=invitation_id, now=now)
    if invitation is None or request.POST.get("answer") not in {"accept", "decline"}:
        raise Http404
    try:
        if request.POST["answer"] == "decline":
            answers.decline(invitation=invitation, user=request.user, now=now)
            return _say_declined(request, invitation)
        answers.accept(invitation=invitation, user=request.user, now=now)
    except (InvitationClosed, SignInFirst):
        return _show_closed(request)
    return _enter(request, invitation)
