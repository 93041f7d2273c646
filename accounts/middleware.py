"""Session expiry, the active account, marks of pages, and the page for locked-out clients."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.journal import record_by_person
from accounts.lockout import LockedOut, show_locked_out
from accounts.marks import EXEMPT, HEADER, find_wrong_mark
from accounts.refusals import refuse_form, reload_page
from accounts.selectors import list_accounts
from accounts.sessions import find_account, has_expired, note_activity
from accounts.sign_ins import note_use, update_key

SESSION_EXPIRED = (
    "You were signed out, because this session was idle for too long or is too old. Sign in again."
)


class IdleSessionMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        key = None
        if request.user.is_authenticated:
            key = request.session.session_key
            if has_expired(request.session, now=now):
                record_by_person("person.session_ran_out", user=request.user)
                logout(request)
                messages.info(request, SESSION_EXPIRED)
            elif note_activity(request.session, now=now):
                note_use(request, now=now)
        response = self.get_response(request)
        update_key(before=key, after=request.session.session_key)
        return response


class ActiveAccountMiddleware:
    """`request.account` is the active account, or None; `request.left_account` names one that was left.

    `request.accounts` are all accounts of the person.
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
    """Refuses requests from a page that was made for another person or account.

    Runs after the CSRF check and before any view: a refused request writes nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        if request.resolver_match.app_name in EXEMPT:
            return None
        is_safe = request.method in {"GET", "HEAD"}
        if is_safe and HEADER not in request.headers:  # a link: its page shows the active account
            return None
        is_wrong, mark = find_wrong_mark(request)
        if not is_wrong:
            return None
        return reload_page(request, mark) if is_safe else refuse_form(request, mark)


class LockOutMiddleware:
    """Turns LockedOut, wherever it is raised, into its page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return show_locked_out(request, exception) if isinstance(exception, LockedOut) else None
