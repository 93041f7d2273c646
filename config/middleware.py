"""Probes, and limits of every request, before anything else."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from config.views import healthz, readyz

log = structlog.get_logger(__name__)
PROBES = {"/healthz": healthz, "/readyz": readyz}
METHODS = ("GET", "HEAD", "POST")
MAX_DIGITS = 15  # digits of a length


class ProbeMiddleware:
    """Load balancers ask over plain HTTP, by IP address, with any cookies: answered before everything else.

    No redirect to HTTPS, no look at the Host header, no session, no person; nor do the views look at them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        if not probe:
            return self.get_response(request)
        response = probe(request)
        response.headers["Content-Length"] = str(len(response.content))  # CommonMiddleware is not asked
        return response


class NoStoreMiddleware:
    """No copy of a page is stored: neither by a proxy, nor by a browser after sign-out.

    Every page, also those of nobody: they carry a form's token. Static files are answered before this.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        patch_cache_control(response, no_store=True, private=True)
        return response


class RequestLimitsMiddleware:
    """Allows the methods of pages and forms alone, and no body longer than a form.

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
        """Answers a query timeout (config.database) with a page that says what to try instead."""
        if not isinstance(exception, OperationalError):
            return None
        if type(exception.__cause__).__name__ != "QueryCanceled":  # psycopg's; SQLite has no such thing
            return None
        log.warning("page took too long", path=request.path)
        seconds = {"seconds": settings.DATABASE_STATEMENT_SECONDS}
        return render(request, "took_too_long.html", seconds, status=503)


def _is_too_long(length: str) -> bool:
    return len(length) > MAX_DIGITS or int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
