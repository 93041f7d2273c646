"""The session's end by the clock, the active account of a request (`request.account`, or None), and the page
for who is locked out.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.journal import record_own
from accounts.lockout import LockedOut, show_locked_out
from accounts.selectors import choose_account, list_accounts
from accounts.sessions import has_run_out, note_activity
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
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.accounts = []
        if request.user.is_authenticated:
            request.accounts = list_accounts(user=request.user)
        request.account = choose_account(request.accounts, slug=request.session.get("account", ""))
        return self.get_response(request)


class LockOutMiddleware:
    """Wherever a try is refused, the answer is the page that says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return show_locked_out(request, exception) if isinstance(exception, LockedOut) else None
