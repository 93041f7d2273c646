"""An account with all that can be acted on, its admin's browser, an operator's, and what must stay secret."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import second_factor
from accounts.encryption import decrypt
from accounts.models import Account, Identity, Membership, User
from accounts.services import add_member, create_account
from demo.standin import StandIn
from endpoints.models import S3Endpoint
from endpoints.services import create_endpoint
from telemetry.models import Telemetry
from telemetry.services import create_telemetry
from tests.accounts.codes import make_code
from tests.standin import BUCKET, REGION, ROLE_ARN, trust

PASSWORD, NEW_PASSWORD = "correct horse battery", "another long phrase"
AGENT = "Netscape Navigator 4"
MENTIONS = "date,company,mentions\n2026-03-12,Apple,3\n"


@dataclass
class World:
    account: Account
    admin: User
    member: Membership  # another person, a viewer
    endpoint: S3Endpoint
    telemetry: Telemetry
    browser: Client
    operator: Client
    standin: StandIn
    secrets: list[str] = field(default_factory=lambda: [PASSWORD, NEW_PASSWORD])

    def post(self, path: str, **fields: Any) -> Any:
        return self._check(self.browser.post(path, fields, headers={"User-Agent": AGENT}))

    def post_to_admin(self, path: str, **fields: Any) -> None:
        self._check(self.operator.post(f"/admin/{path}", fields, headers={"User-Agent": AGENT}), 302)

    def run(self, *arguments: str, stdin: str = "") -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            patch.setattr(sys, "stdout", io.StringIO())
            try:
                call_command(*arguments)
            except SystemExit as end:
                assert end.code in (0, 1)

    def set_up_factor(self) -> str:
        """The admin's second factor; a code of it that is good now."""
        second_factor.begin_set_up(user=self.admin)
        codes = second_factor.confirm_set_up(
            user=self.admin, code=make_code(self.admin, steps=-1), now=timezone.now()
        )
        self.secrets += [decrypt(self.admin.second_factor.secret), self.admin.second_factor.secret, *codes]
        self.browser.force_login(self.admin)
        return make_code(self.admin)

    @staticmethod
    def _check(answer: Any, *good: int) -> Any:
        assert answer.status_code in (good or (200, 302)), answer.content.decode()
        return answer


def make_world(standin: StandIn) -> World:
    account = create_account(name="Acme")
    admin = add_member(account=account, email="ada@acme.example", role="admin", password=PASSWORD)[0].user
    member = add_member(account=account, email="vera@acme.example", role="viewer", password=PASSWORD)[0]
    endpoint = create_endpoint(
        account=account, name="Exports", role_arn=ROLE_ARN, bucket=BUCKET, region=REGION
    )
    trust(standin, endpoint)
    standin.put_object(BUCKET, "mentions/a.csv", MENTIONS, modified=datetime(2026, 3, 12, tzinfo=UTC))
    Identity.objects.create(user=admin, issuer="https://login.example", subject="1")
    telemetry = create_telemetry(
        account=account,
        endpoint=endpoint,
        prefix="mentions/",
        name="Mentions",
        date_column="date",
        date_format="yyyy-MM-dd",
        dimensions=["company"],
        metric_column="mentions",
    )
    world = World(account, admin, member, endpoint, telemetry, Client(), Client(), standin)
    world.browser.force_login(admin)
    world.operator.force_login(User.objects.create_superuser("ops@denominator.example"))
    world.secrets += [endpoint.external_id, world.browser.session.session_key, admin.password]
    return world
