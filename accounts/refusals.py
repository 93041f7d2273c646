"""Answers to forms and htmx requests whose page was made for another account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.shortcuts import redirect, render
from django.views.csrf import csrf_failure
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from accounts.kept_forms import find_page, keep_form
from accounts.marks import FIELD, HEADER, Mark, read_mark

SIGNED_OUT = "You were signed out, so nothing was saved. Sign in and send it again."
SIGNED_OUT_AND_KEPT = "You were signed out, so nothing was saved. Sign in: what you typed is kept."
SESSION_CHANGED = "Your session has changed, so nothing was saved. Check the form and send it again."


def refuse_form(request: HttpRequest, mark: Mark | None) -> HttpResponse:
    """409 with the reason and the remedy; the sign-in page where nobody is signed in. Nothing is written.

    For htmx the whole page is reloaded and shows the message, since all of it belongs to the other account.
    """
    if mark and mark.person and not request.user.is_authenticated:
        return ask_to_sign_in_again(request, mark)
    if request.htmx:
        messages.error(request, _say(request, mark))
        response = render(request, "accounts/refused.html", _explain(request, mark), status=409)
        response["HX-Refresh"] = "true"
        return response
    return render(request, "accounts/refused.html", _explain(request, mark), status=409)


def refuse_unchecked(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For a form that has lost its CSRF token or cookie (settings.CSRF_FAILURE_VIEW).

    With a valid mark, which no other site can obtain, the form is kept. Without one: 403.
    """
    mark = read_mark(request.POST.get(FIELD) or request.headers.get(HEADER, ""))
    is_lost = reason == REASON_NO_CSRF_COOKIE or reason.startswith("CSRF token")
    if not (mark and mark.person and is_lost):
        return csrf_failure(request, reason=reason)
    if not request.user.is_authenticated:
        return ask_to_sign_in_again(request, mark)
    if not mark.matches(request):
        return refuse_form(request, mark)
    keep_form(request, mark)
    messages.warning(request, SESSION_CHANGED)
    return _lead_to(request, find_page(request))


def ask_to_sign_in_again(request: HttpRequest, mark: Mark) -> HttpResponse:
    """They return to the page of the form, in its account, with what they typed."""
    is_kept = keep_form(request, mark)
    messages.warning(request, SIGNED_OUT_AND_KEPT if is_kept else SIGNED_OUT)
    return _lead_to(request, redirect_to_login(find_page(request)).url)


def _lead_to(request: HttpRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def reload_page(request: HttpRequest, mark: Mark | None) -> HttpResponse | None:
    """For an htmx request of another account's page: reload the whole page in the active account."""
    if not request.user.is_authenticated:  # the view sends them to sign in
        return None
    if mark:
        messages.info(request, f"{_made_for(request, mark)} {_in_force(request)}")
    return HttpResponseClientRefresh()


def _explain(request: HttpRequest, mark: Mark | None) -> dict[str, object]:
    """`back` is the account that the form was made for, where the person belongs to it."""
    back = mark and next((account for account in request.accounts if account.slug == mark.slug), None)
    is_other = bool(mark) and not mark.matches_person(request)
    return {
        "made_for": _made_for(request, mark),
        "in_force": _in_force(request),
        "back": None if is_other else back,
    }


def _say(request: HttpRequest, mark: Mark | None) -> str:
    return f"Nothing was changed. {_made_for(request, mark)} {_in_force(request)}"


def _made_for(request: HttpRequest, mark: Mark | None) -> str:
    if mark is None:
        return "The page did not say which account it was made for."
    if not mark.matches_person(request):
        return "The page was made for another person, or before you signed in."
    if not mark.slug:
        return "The page was made while you were in no account."
    return f"The page was made for the account {mark.name}."


def _in_force(request: HttpRequest) -> str:
    if not request.user.is_authenticated:
        return "You are not signed in."
    if request.left_account:
        return f"You do not belong to {request.left_account} any more, and are in no account now."
    if request.account is None:
        return f"You are signed in as {request.user.email}, and in no account."
    return f"You are in the account {request.account.name} now, as {request.user.email}."
