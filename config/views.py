from __future__ import annotations

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from config.readiness import ANSWERS, check_services
from config.text import UnstorableText


@require_safe
def home(request: HttpRequest) -> HttpResponseRedirect:
    """There is no start page of its own: the Telemetries table is where people work."""
    return redirect("telemetry:list")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"ok": True})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve: database, cache and queue answer; says of each whether it does.

    Asks each in a second or two, and no session or person.
    """
    found = check_services()
    ok = all(answer == ANSWERS for answer in found.values())
    return JsonResponse({"ok": ok, **found}, status=200 if ok else 503)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is refused before a view reads it: 413 with the limit where it is too much, else 400 and where."""
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
