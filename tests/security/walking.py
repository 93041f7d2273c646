"""Asks for pages as a person would, undoes what the answer did, and says what it was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection, reset_queries, transaction
from django.db.models import Model
from django.db.models.signals import post_init
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode

from accounts.models import AccountScoped

CHANGE = re.compile(r"(?:INSERT (?:OR IGNORE )?INTO|UPDATE|DELETE FROM) \"(\w+)\"")
# What a form needs to be taken; without it every POST would end at a missing field.
FORMS: dict[str, dict[str, Any]] = {
    "accounts:login": {"username": "admin@acme.example", "password": "wrong"},
    "accounts:member-add": {"email": "new@acme.example", "role": "viewer"},
    "accounts:member": {"role": "manager"},
    "accounts:switch": {"account": "acme"},
    "endpoints:edit": {
        "name": "Renamed",
        "role_arn": "arn:aws:iam::123456789012:role/Other",
        "bucket": "acme-exports",
        "region": "eu-west-1",
    },
    "telemetry:edit": {"name": "Renamed"},
    "telemetry:delete": {"identifier": "requests"},
}


@dataclass(frozen=True, slots=True)
class Answer:
    """`queries` are the SQL texts; `rows` the account's rows that were read on the way."""

    response: HttpResponse
    body: bytes
    queries: list[str]
    rows: list[AccountScoped]

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def changes(self) -> set[str]:
        """The tables that were written to."""
        written = (CHANGE.match(query) for query in self.queries)
        return {found[1] for found in written if found}

    def describe(self) -> str:
        """As access.md says it: `sign-in`, `beta`, or the status."""
        location = self.response.headers.get("Location") or self.response.headers.get("HX-Redirect", "")
        if location.startswith(("/accounts/login/", "/admin/login/")):
            return "sign-in"
        if "HX-Refresh" in self.response.headers or b"S3 CSV telemetry is not enabled for" in self.body:
            return "beta" if self.status == 200 else str(self.status)
        return str(self.status)


def ask(
    client: Client,
    method: str,
    url: str,
    data: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send a request and undo what it did."""
    rows: list[AccountScoped] = []

    def note(sender: type[Model], instance: Model, **_: Any) -> None:
        if isinstance(instance, AccountScoped):
            rows.append(instance)

    post_init.connect(note, weak=False)
    cookies = dict(client.cookies)
    reset_queries()  # Django keeps 9,000, and a walk has more
    try:
        with transaction.atomic():
            with CaptureQueriesContext(connection) as queries:
                response = client.generic(method, url, **_content(method, data), headers=headers or {})
                body = b"".join(response) if response.streaming else response.content
            transaction.set_rollback(True)
    finally:
        post_init.disconnect(note)
        client.cookies.clear()
        client.cookies.update(cookies)
        cache.clear()
    read = [row for row in rows if row._state.db]
    return Answer(response, body, [query["sql"] for query in queries], read)


def _content(method: str, data: Mapping[str, Any] | None) -> dict[str, Any]:
    if method in {"GET", "HEAD"}:
        return {}
    body = urlencode(data or {}, doseq=True)
    return {"data": body, "content_type": "application/x-www-form-urlencoded"}
