"""What every request must be before anything else looks at it."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render

log = structlog.get_logger(__name__)

METHODS = ("GET", "HEAD", "POST")
LONGEST_NUMBER = 15  # digits of a length


class RequestLimitsMiddleware:
    """Pages are read and forms are sent: there is no other method, and no body longer than a form.

    Django bounds what it keeps in memory; files in a form it would write to disk, however large, although no
    form of ours takes one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        # A body without a declared length is read as empty.
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and _is_too_long(length):
            raise RequestDataTooBig("The body is longer than any form of ours.")
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page that the database has given up (config.database) says so, and what to ask for instead."""
        if not isinstance(exception, OperationalError):
            return None
        if type(exception.__cause__).__name__ != "QueryCanceled":  # psycopg's; SQLite has no such thing
            return None
        log.warning("page took too long", path=request.path)
        seconds = {"seconds": settings.DATABASE_STATEMENT_SECONDS}
        return render(request, "took_too_long.html", seconds, status=503)


def _is_too_long(length: str) -> bool:
    return len(length) > LONGEST_NUMBER or int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
