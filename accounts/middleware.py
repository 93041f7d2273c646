"""The active account of a request: `request.account`, or None for someone who belongs to none."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.selectors import choose_account, list_accounts


class ActiveAccountMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.accounts = []
        if request.user.is_authenticated:
            request.accounts = list_accounts(user=request.user)
        request.account = choose_account(request.accounts, slug=request.session.get("account", ""))
        return self.get_response(request)
