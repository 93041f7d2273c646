"""The end of a session by the clock, the account in force, marks of forms, and who is locked out."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.journal import record_own
from accounts.lockout import LockedOut, show_locked_out
from accounts.marks import EXEMPT, HEADER, find_wrong_mark
from accounts.refusals import refuse_form, reload_page
from accounts.selectors import list_accounts
from accounts.sessions import find_account, has_run_out, note_activity
from accounts.sign_ins import follow_key, note_still_used

RAN_OUT = "You were signed out, because this session was not used for long or is old. Sign in again."


class IdleSessionMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        key = None
        if request.user.is_authenticated:
            key = request.session.session_key
            if has_run_out(request.session, now=now):
                record_own("person.session_ran_out", user=request.user)
                logout(request)
                messages.info(request, RAN_OUT)
            elif note_activity(request.session, now=now):
                note_still_used(request, now=now)
        response = self.get_response(request)
        follow_key(before=key, after=request.session.session_key)
        return response


class ActiveAccountMiddleware:
    """`request.account` is the account in force, or None; `request.left_account` names the one that was left.

    `request.accounts` are all that the person belongs to.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.accounts, request.account, request.left_account = [], None, ""
        if request.user.is_authenticated:
            request.accounts = list_accounts(user=request.user)
            request.account, request.left_account = find_account(request.session, accounts=request.accounts)
        return self.get_response(request)


class PageMarkMiddleware:
    """Refuses what a page sends that was made for another person or account than those in force.

    After the CSRF token was checked, and before any view: a refused request writes nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        if request.resolver_match.app_name in EXEMPT:
            return None
        is_safe = request.method in {"GET", "HEAD"}
        if is_safe and HEADER not in request.headers:  # a link, whose page will show where the person is
            return None
        is_wrong, mark = find_wrong_mark(request)
        if not is_wrong:
            return None
        return reload_page(request, mark) if is_safe else refuse_form(request, mark)


class LockOutMiddleware:
    """Wherever a try is refused, the answer is the page that says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return show_locked_out(request, exception) if isinstance(exception, LockedOut) else None
