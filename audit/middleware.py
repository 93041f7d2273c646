from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from audit.addresses import get_client_address
from audit.origin import ADMINISTRATION, PAGE, Origin, acting


class OriginMiddleware:
    """What is recorded during a request was done by the person who is signed in, from where they are."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting(lambda: describe_request(request)):
            return self.get_response(request)


def describe_request(request: HttpRequest) -> Origin:
    match = request.resolver_match
    user = request.user
    return Origin(
        via=ADMINISTRATION if match and match.app_name == "admin" else PAGE,
        actor=str(user) if user.is_authenticated else "",
        actor_id=user.pk,
        address=get_client_address(request),
        agent=request.headers.get("User-Agent", ""),
    )
