"""The test client sends the mark of a page just loaded, unless a test gives its own (accounts/marks.py)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpResponse
from django.test import Client

from accounts.marks import HEADER, make_mark
from accounts.models import User
from accounts.selectors import list_accounts
from accounts.sessions import find_account

ENVIRON = f"HTTP_{HEADER.upper().replace('-', '_')}"
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}


def make_mark_for(client: Client) -> str:
    """What a page loaded now would carry: of the session's person, in the account that it is in."""
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    if cookie is None:
        return make_mark(user=None, account=None)
    session = import_module(settings.SESSION_ENGINE).SessionStore(cookie.value)
    user = User.objects.filter(pk=session.get(SESSION_KEY), is_active=True).first()
    if user is None:
        return make_mark(user=None, account=None)
    account, _left = find_account(session, accounts=list_accounts(user=user))  # the session is not saved
    return make_mark(user=user, account=account)


@contextmanager
def sending_marks() -> Iterator[None]:
    """Inside, every test client does so: by its one way out, so that no test has to ask for it.

    One with `sends_marks = False` sends what it is told to, and no more.
    """
    plain = Client.generic

    def generic(
        client: Client, method: str, path: str, data: Any = "", *args: Any, **more: Any
    ) -> HttpResponse:
        given = {name.lower() for name in more.get("headers") or {}}
        is_given = HEADER.lower() in given or ENVIRON in more or ENVIRON in client.defaults
        if method not in SAFE and not is_given and getattr(client, "sends_marks", True):
            more[ENVIRON] = make_mark_for(client)
        return plain(client, method, path, data, *args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "generic", generic)
        yield
