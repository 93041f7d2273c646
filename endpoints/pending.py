"""Session data of an endpoint that is being added (its external ID and last test), or edited (its last test).

The external ID is generated here, stored on our side, bound to the session (so to one person) and the
account, and used once. A person may take days between creating the role in AWS and coming back to add the
endpoint.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from accounts.models import Account
from endpoints.connection import Check, ConnectionReport
from endpoints.models import S3Endpoint, new_external_id
from endpoints.services import connection_of, save_result

KEY = "pending_endpoints"  # {account's id: {"external_id", "test"}}
CHANGES = "changed_endpoints"  # {endpoint's public id: its last test with values that are not saved}


def get_external_id(session: SessionBase, *, account: Account) -> str:
    """The external ID of the endpoint that this person adds to the account next."""
    pending = session.setdefault(KEY, {})
    if str(account.pk) not in pending:
        pending[str(account.pk)] = {"external_id": new_external_id()}
        session.modified = True
    return str(pending[str(account.pk)]["external_id"])


def save_test(session: SessionBase, *, endpoint: S3Endpoint, report: ConnectionReport, now: datetime) -> None:
    """Remember what the test of an unsaved endpoint found."""
    session[KEY][str(endpoint.account.pk)]["test"] = _describe(endpoint, report, now)
    session.modified = True


def save_change_test(
    session: SessionBase, *, endpoint: S3Endpoint, report: ConnectionReport, now: datetime
) -> None:
    """Remember what the test of a change found that is not saved; `endpoint` is as it would be."""
    session[CHANGES] = {str(endpoint.public_id): _describe(endpoint, report, now)}  # one is edited at a time


def finish_adding(session: SessionBase, *, endpoint: S3Endpoint) -> None:
    """After adding: save its test, if it was of this connection, and clear the session data."""
    pending: dict[str, Any] = session[KEY].pop(str(endpoint.account.pk))
    session.modified = True
    _keep(endpoint, pending.get("test"))


def finish_change(session: SessionBase, *, endpoint: S3Endpoint) -> None:
    """After saving: save its test, if it was of this connection."""
    _keep(endpoint, session.pop(CHANGES, {}).get(str(endpoint.public_id)))


def _describe(endpoint: S3Endpoint, report: ConnectionReport, now: datetime) -> dict[str, Any]:
    return {
        "connection": connection_of(endpoint),
        "checks": report.as_json(),
        "tested_at": now.isoformat(),
    }


def _keep(endpoint: S3Endpoint, test: dict[str, Any] | None) -> None:
    if test and test["connection"] == connection_of(endpoint):
        report = ConnectionReport(tuple(Check(**check) for check in test["checks"]))
        tested_at = datetime.fromisoformat(test["tested_at"])
        save_result(endpoint=endpoint, result=report, tested=test["connection"], now=tested_at)
