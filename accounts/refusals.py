"""What a person reads whose page was made for another account than the one in force."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRefresh

from accounts.access import send_to_sign_in
from accounts.marks import Mark

SIGNED_OUT = "You were signed out, so nothing of what you sent was taken. Sign in and send it again."


def refuse_form(request: HttpRequest, mark: Mark | None) -> HttpResponse:
    """409 with why, and what to do; the sign-in page for who is signed in no more. Nothing is written.

    htmx would put the answer into a part of the page, or nowhere: there the whole page is loaded again and
    says it, since all of it is of the other account.
    """
    if mark and mark.person and not request.user.is_authenticated:
        messages.warning(request, SIGNED_OUT)
        return send_to_sign_in(request)
    if request.htmx:
        messages.error(request, _say(request, mark))
        response = render(request, "accounts/refused.html", _explain(request, mark), status=409)
        response["HX-Refresh"] = "true"
        return response
    return render(request, "accounts/refused.html", _explain(request, mark), status=409)


def reload_page(request: HttpRequest, mark: Mark | None) -> HttpResponse | None:
    """For a part of a page of another account: the whole page, as it is in the account in force."""
    if not request.user.is_authenticated:  # the view sends them to sign in
        return None
    if mark:
        messages.info(request, f"{_made_for(request, mark)} {_in_force(request)}")
    return HttpResponseClientRefresh()


def _explain(request: HttpRequest, mark: Mark | None) -> dict[str, object]:
    """`back` is the account that the form was made for, where the person may change back to it."""
    back = mark and next((account for account in request.accounts if account.slug == mark.slug), None)
    is_other = bool(mark) and not mark.is_of_person(request)
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
    if not mark.is_of_person(request):
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
