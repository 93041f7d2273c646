"""What somebody typed while their session was lost: kept in the next one for an hour, until they sign in.

Only of a form with a mark of ours (accounts/marks.py): a stranger has none, and so neither fills our sessions
nor lays words into somebody's form. Nothing is done with it but to show it, to the person of the mark.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.marks import FIELD, OF_THE_SESSION, Mark
from accounts.models import Account, User

KEY = "kept_form"
SECONDS = 3600
MOST = 100_000  # characters
OURS = {FIELD, "csrfmiddlewaretoken"}
SECRET = re.compile("password|code|secret|token", re.IGNORECASE)  # never kept, nor the form around it


@dataclass(frozen=True, slots=True)
class KeptForm:
    """`fields` are (name, value), as a browser sends them."""

    action: str
    fields: list[tuple[str, str]]


def keep_form(request: HttpRequest, mark: Mark) -> bool:
    """Keep what was sent, and the account that it was for. Whether there is anything to fill in again."""
    fields = [(name, value) for name, values in request.POST.lists() if name not in OURS for value in values]
    is_kept = (
        request.resolver_match.view_name not in OF_THE_SESSION
        and not any(SECRET.search(name) for name, _ in fields)
        and sum(len(name) + len(value) for name, value in fields) <= MOST
    )
    fields = fields if is_kept else []
    request.session[KEY] = {
        "person": mark.person,
        "slug": mark.slug,
        "page": find_page(request),
        "action": request.get_full_path(),
        "fields": fields,
        "until": timezone.now().timestamp() + SECONDS,
    }
    if not request.user.is_authenticated:
        request.session.set_expiry(SECONDS)
    return bool(fields)


def find_page(request: HttpRequest) -> str:
    """The page of ours that the form stood on: what was sent may have an address that shows nothing."""
    try:
        came_from = (request.htmx.current_url if request.htmx else request.headers.get("Referer")) or ""
        parts = urlsplit(came_from)
    except ValueError:  # "http://["
        came_from, parts = "", urlsplit("")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure()):
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    return parts._replace(scheme="", netloc="", fragment="").geturl() or "/"


def find_kept_account(
    request: HttpRequest, *, user: User, accounts: Sequence[Account], now: datetime
) -> Account | None:
    """For who has just signed in: the account that the kept form was for, if it is theirs to enter.

    What another person typed, or too long ago, is forgotten.
    """
    kept = request.session.get(KEY)
    if not kept:
        return None
    request.session.set_expiry(None)  # it is a session like any other from now on
    if kept["person"] != str(user.pk) or kept["until"] < now.timestamp():
        del request.session[KEY]
        return None
    return next((account for account in accounts if account.slug == kept["slug"]), None)


def take_kept_form(request: HttpRequest) -> KeptForm | None:
    """For the page that it stood on, once: there it is filled in again, or sent as it is."""
    kept = request.session.get(KEY)
    if not kept or not request.user.is_authenticated or kept["page"] != request.get_full_path():
        return None
    del request.session[KEY]
    is_theirs = kept["person"] == str(request.user.pk) and kept["until"] >= timezone.now().timestamp()
    is_here = kept["slug"] == (request.account.slug if request.account else "")
    if not (kept["fields"] and is_theirs and is_here):
        return None
    return KeptForm(kept["action"], [(name, value) for name, value in kept["fields"]])
