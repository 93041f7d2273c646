"""Test Endpoint with a check a request, so that a page shows each as it is done.

Between requests the results stay in the server's cache: a browser names its test by a token, and can neither
write a result nor skip a check. A restarted test has a new token, so that a late check of the first cannot
write into it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from django.core.cache import cache

from accounts.models import Account
from endpoints.connection import Check, ConnectionReport, list_checks, run_next_check
from endpoints.models import S3Endpoint
from endpoints.services import MAX_TEST_SECONDS, connection_of, hold_test_slot


class TestExpired(Exception):
    """There is no such test of this endpoint, or it has expired."""

    __test__ = False  # for pytest: no test

    def __init__(self) -> None:
        super().__init__("This page was open for too long. Click Test Endpoint again.")


@dataclass(frozen=True, slots=True)
class Progress:
    """`endpoint` is as it was when the test began, and may be unsaved; `checks` are those done so far."""

    endpoint: S3Endpoint
    checks: tuple[Check, ...] = ()
    token: str = ""

    @property
    def waiting(self) -> list[str]:
        """The names of the checks still to come."""
        return list_checks()[len(self.checks) :]

    @property
    def report(self) -> ConnectionReport | None:
        """What the whole test found, once no check is waiting."""
        return None if self.waiting else ConnectionReport(self.checks)


def begin_test(*, endpoint: S3Endpoint) -> Progress:
    """Note what is to be tested. Nothing is asked of AWS yet."""
    progress = Progress(endpoint, token=secrets.token_urlsafe(16))
    _keep(progress)
    return progress


def continue_test(*, account: Account, external_id: str, token: str) -> Progress:
    """Run the next check of the test begun for the endpoint of that external ID.

    Raises TestExpired, and CannotTestNow where the account tests too much at once.
    """
    kept = cache.get(_key(external_id, token))
    if kept is None:
        raise TestExpired
    endpoint = S3Endpoint(account=account, external_id=external_id, **kept["connection"])
    done = tuple(Check(**check) for check in kept["checks"])
    if len(done) < len(list_checks()):
        with hold_test_slot(account_id=account.pk):
            done += (run_next_check(endpoint, done=done),)
    progress = Progress(endpoint, done, token)
    _keep(progress)
    return progress


def _keep(progress: Progress) -> None:
    kept = {
        "connection": connection_of(progress.endpoint),
        "checks": ConnectionReport(progress.checks).as_json(),
    }
    cache.set(_key(progress.endpoint.external_id, progress.token), kept, MAX_TEST_SECONDS)


def _key(external_id: str, token: str) -> str:
    named = hashlib.sha256(token.encode()).hexdigest()  # a browser may send anything
    return f"endpoint-test-progress:{external_id}:{named}"
