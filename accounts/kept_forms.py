"""Form data sent after a session was lost: kept in the next session for an hour, until sign-in.

Only for a form with a valid mark (accounts/marks.py), so that a stranger can neither fill our sessions nor
prefill somebody's form. It is shown to the person of the mark, never submitted.
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

from accounts.marks import FIELD, SESSION_ROUTES, Mark
from accounts.models import Account, User

KEY = "kept_form"
SECONDS = 3600
MAX_CHARACTERS = 100_000  # characters
OURS = {FIELD, "csrfmiddlewaretoken"}
SECRET = re.compile("password|code|secret|token", re.IGNORECASE)  # a form with such a field is not kept


@dataclass(frozen=True, slots=True)
class KeptForm:
    """`fields` are (name, value), as a browser sends them."""

    action: str
    fields: list[tuple[str, str]]


def keep_form(request: HttpRequest, mark: Mark) -> bool:
    """Keep the fields and the account of the form. Returns whether there is anything to restore."""
    fields = [(name, value) for name, values in request.POST.lists() if name not in OURS for value in values]
    is_kept = (
        request.resolver_match.view_name not in SESSION_ROUTES
        and not any(SECRET.search(name) for name, _ in fields)
        and sum(len(name) + len(value) for name, value in fields) <= MAX_CHARACTERS
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
    """The page that the form was on: the form's own address may not be a page."""
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
    """After sign-in: the account of the kept form, if the person belongs to it.

    Data of another person, or expired data, is dropped.
    """
    kept = request.session.get(KEY)
    if not kept:
        return None
    request.session.set_expiry(None)  # from now on an ordinary session
    if kept["person"] != str(user.pk) or kept["until"] < now.timestamp():
        del request.session[KEY]
        return None
    return next((account for account in accounts if account.slug == kept["slug"]), None)


def take_kept_form(request: HttpRequest) -> KeptForm | None:
    """Consumed once, by the page that the form was on, which fills it in again."""
    kept = request.session.get(KEY)
    if not kept or not request.user.is_authenticated or kept["page"] != request.get_full_path():
        return None
    del request.session[KEY]
    is_theirs = kept["person"] == str(request.user.pk) and kept["until"] >= timezone.now().timestamp()
    is_here = kept["slug"] == (request.account.slug if request.account else "")
    if not (kept["fields"] and is_theirs and is_here):
        return None
    return KeptForm(kept["action"], [(name, value) for name, value in kept["fields"]])
