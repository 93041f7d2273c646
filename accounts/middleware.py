"""The active account of a request: `request.account`, or None for someone who belongs to none."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.selectors import get_active_account


class ActiveAccountMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.account = None
        if request.user.is_authenticated:
            request.account = get_active_account(user=request.user, slug=request.session.get("account", ""))
        return self.get_response(request)
