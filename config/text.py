"""Refuses text that the database cannot store, in every part of a request.

PostgreSQL takes neither NUL nor half of a surrogate pair, in text or in JSON; Django's fields look for NUL
alone, and only where a form has one. Code behind these two middlewares may rely on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict

from commandline.printable import printable

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
MAX_NAME_LENGTH = 60  # characters of a field's name that the page repeats


class UnstorableText(BadRequest):
    """Its text names the place: a field, a header, the address."""


class RequestTextMiddleware:
    """Looks at the address, the headers and our cookies, before anything else reads them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        _check_charset(request)
        check_text("The address", [request.path])
        _check_fields(request.GET)
        for name, value in request.headers.items():
            check_text(f"The header {name}", [value])
        for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
            # A quoted cookie may hold any character, written as \000.
            check_text(f"The cookie {name}", [request.COOKIES.get(name, "")])
        return self.get_response(request)


class FormTextMiddleware:
    """Looks at what a form sends, once it is known that there is a view for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        if request.method == "POST":
            _check_fields(request.POST)


def check_text(place: str, texts: Iterable[str]) -> None:
    """Raises UnstorableText of `place` where one of the texts cannot be stored."""
    if any(UNSTORABLE.search(text) for text in texts):
        raise UnstorableText(place)


def _check_fields(fields: QueryDict) -> None:
    for name, values in fields.lists():
        check_text(f"The field “{printable(name[:MAX_NAME_LENGTH])}”", [name, *values])


def _check_charset(request: HttpRequest) -> None:
    """Django decodes by whatever charset the request names: UTF-7 can write half of a surrogate pair."""
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() not in {"utf-8", "utf8"}:
        raise UnstorableText("The request's text")
