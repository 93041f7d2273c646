"""Being invited: the page that the link leads to, and the invitations of whoever is signed in.

Looking changes nothing, since mail scanners follow links: every answer is a POST.
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
from accounts.answers import InvitationClosed, SignInFirst, Way
from accounts.invitations import find_by_token, find_for_person, list_for_person
from accounts.mails import is_mail_set_up
from accounts.models import Invitation, User
from accounts.proof import has_shown_address
from accounts.sessions import enter_account, note_sign_in_to
from accounts.signing_in import begin_sign_in

TOKEN = "invitation_token"  # noqa: S105  # nosec B105 (its place in the session)
SIGN_IN_FIRST = "This address has a sign-in already. Sign in with it, then accept."


@never_cache
@require_safe
def follow_link(request: HttpRequest, token: str) -> HttpResponse:
    """The token moves from the address into the session at once, so that no Referer tells it.

    One that is of nothing makes no session: anybody could make as many as they like.
    """
    if find_by_token(token, now=timezone.now()) is None:
        return _show_closed(request)
    request.session[TOKEN] = token
    return redirect("accounts:invitation")


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show_invitation(request: HttpRequest) -> HttpResponse:
    """Which account asks, who, and as what; and what whoever has followed the link can do."""
    invitation = find_by_token(request.session.get(TOKEN, ""), now=timezone.now())
    if invitation is None:
        return _show_closed(request)
    signed_in = request.user if request.user.is_authenticated else None
    way = answers.find_way(invitation=invitation, signed_in=signed_in)
    if way is Way.CLOSED:
        return _show_closed(request)
    # Of two links in two tabs the session knows the last: nobody answers another one than they see.
    answer = request.POST.get("answer") if request.POST.get("of") == str(invitation.public_id) else None
    if answer and way is not Way.SOMEBODY_ELSE:
        return _take_answer(request, invitation, way, signed_in, answer)
    return _show(request, invitation, way)


def _take_answer(
    request: HttpRequest, invitation: Invitation, way: Way, signed_in: User | None, answer: str
) -> HttpResponse:
    form = _make_form(request, invitation, way) if answer == "password" else None
    try:
        if answer == "decline":
            answers.decline(invitation=invitation, user=signed_in, now=timezone.now())
            return _say_declined(request, invitation)
        if answer == "accept" and way is Way.ANSWER:
            answers.accept(invitation=invitation, user=signed_in, now=timezone.now())
            return _enter(request, invitation)
        if form is not None and form.is_valid():
            return _set_password(request, invitation, form, signed_in)
    except InvitationClosed:
        return _show_closed(request)
    return _show(request, invitation, way, form)


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
        if begin_sign_in(request, user=user, next_url="", way="invitation", now=now):
            return _enter(request, invitation)
        return redirect("accounts:sign-in-code")
    return _show(request, invitation, Way.EITHER, form)


def _make_form(request: HttpRequest, invitation: Invitation, way: Way) -> SetPasswordForm | None:
    if way not in {Way.PASSWORD, Way.EITHER}:
        return None
    person = User(email=invitation.email, name=invitation.name)  # of whom no password may be made
    return SetPasswordForm(person, request.POST if request.POST.get("answer") == "password" else None)


def _show(
    request: HttpRequest, invitation: Invitation, way: Way, form: SetPasswordForm | None = None
) -> HttpResponse:
    context = {
        "invitation": invitation,
        "way": way.name,
        "form": form or _make_form(request, invitation, way),
        "contact": settings.SUPPORT_CONTACT,
    }
    return render(request, "accounts/invitation.html", context)


def _show_closed(request: HttpRequest) -> HttpResponse:
    context = {"contact": settings.SUPPORT_CONTACT}
    return render(request, "accounts/invitation_closed.html", context, status=410)


def _enter(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Into the account of which the person is a member now."""
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
    """To whoever has not shown that the address is theirs nothing is told: it may be somebody else's."""
    is_shown = has_shown_address(request.user)
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
    if has_shown_address(request.user):
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
