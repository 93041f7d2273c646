from __future__ import annotations

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from config.readiness import ANSWERS, check_processes, check_services
from config.text import UnstorableText

log = structlog.get_logger(__name__)
_missing: dict[str, str] = {}  # as this process has last seen it


@require_safe
def home(request: HttpRequest) -> HttpResponseRedirect:
    """Redirects to the Telemetries table: there is no separate start page."""
    return redirect("telemetry:list")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"ok": True})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve: database, cache and queue answer. Asks each in a second or two, and no session.

    Whoever has READYZ_TOKEN is told what is missing, of workers and scheduler too, where any of it is.
    """
    found = check_services()
    _log_missing(found)
    is_operators = _has_token(request)
    if is_operators:
        found |= check_processes(now=timezone.now(), database=found["database"])
    ok = all(answer == ANSWERS for answer in found.values())
    return JsonResponse({"ok": ok, **(found if is_operators else {})}, status=200 if ok else 503)


def _has_token(request: HttpRequest) -> bool:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(settings.READYZ_TOKEN) and constant_time_compare(token, settings.READYZ_TOKEN)


def _log_missing(found: dict[str, str]) -> None:
    """Once for each change: a probe comes every few seconds."""
    global _missing
    missing = {name: answer for name, answer in found.items() if answer != ANSWERS}
    if missing != _missing:
        _missing = missing
        log.error("not ready", **missing) if missing else log.info("ready again")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request refused before its view: 413 with the limit if too large, else 400 with the place."""
    if isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)):
        limits = {
            "most_bytes": settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
            "most_fields": settings.DATA_UPLOAD_MAX_NUMBER_FIELDS,
        }
        return render(request, "413.html", limits, status=413)
    response = render(request, "400.html", {"unstorable": _get_place(exception)}, status=400)
    if request.headers.get("HX-Request"):  # instead of a part that would not show it
        response["HX-Retarget"] = response["HX-Reselect"] = "#main"
        response["HX-Reswap"] = "outerHTML"
    return response


def _get_place(exception: Exception) -> str:
    return str(exception) if isinstance(exception, UnstorableText) else ""
