"""Two accounts with all that an account can have, and one person in both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from accounts.invitations import invite
from accounts.models import Account, AccountScoped, User
from accounts.services import add_member, create_account
from demo.standin import StandIn
from endpoints.services import create_endpoint
from ingestion.services import create_run
from ingestion.work import execute_run
from telemetry.mapping_changes import Change, as_options
from telemetry.wizard.services import start_draft
from tests.ingestion.world import World
from tests.standin import BUCKET, REGION, trust


@dataclass
class Tenant:
    account: Account
    world: World

    def list_rows(self) -> dict[str, list[dict[str, Any]]]:
        """{table: rows} of the account, in every table that has rows of accounts."""
        scoped = [model for model in apps.get_models() if issubclass(model, AccountScoped)]
        rows = {
            model._meta.db_table: sorted(model.objects.for_account(self.account).values(), key=str)
            for model in scoped
        }
        return rows | {"accounts_account": list(Account.objects.filter(pk=self.account.pk).values())}


def make_tenant(standin: StandIn, name: str, number: int) -> Tenant:
    account = create_account(name=name)
    role_arn = f"arn:aws:iam::21098765432{number}:role/Reader"
    endpoint = create_endpoint(
        account=account, name="Exports", role_arn=role_arn, bucket=BUCKET, region=REGION
    )
    trust(standin, endpoint)
    for email in ("ada@both.example", f"bob@{account.slug}.example"):
        add_member(account=account, email=email, role="admin")
    invite(
        account=account,
        email="new@both.example",
        role="viewer",
        invited_by=User.objects.get(email="ada@both.example"),
        now=timezone.now(),
    )
    world = World(standin, endpoint)
    for day in (1, 2, 3):
        rows = [(f"2024-05-0{day}", "core", "1.5"), (f"2024-05-0{day}", "web", "x")]
        world.put(f"{day}.csv", rows, minute=day)
    world.sync()
    change = as_options(Change(world.telemetry, overlap="add"))
    options = {"trigger": "manual", "now": world.now, **change}
    preview, _ = create_run(source=world.telemetry, is_preview=True, **options)
    execute_run(run_id=preview.pk, clock=lambda: world.now)
    run, _ = create_run(source=world.telemetry, preview=preview, **options)
    execute_run(run_id=run.pk, clock=lambda: world.now)
    start_draft(account=account, user=User.objects.first(), now=timezone.now())
    return Tenant(account, world)


@pytest.fixture
def acme(standin: StandIn, transactional_db: None) -> Tenant:
    return make_tenant(standin, "Acme", 1)


@pytest.fixture
def other(standin: StandIn, transactional_db: None) -> Tenant:
    return make_tenant(standin, "Other", 2)
