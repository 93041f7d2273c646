"""Three accounts with all that an account has, and the people who look at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client, TestCase
from django.utils import timezone

from accounts.invitations import invite
from accounts.models import Account, Invitation, Membership, User
from accounts.services import add_member
from demo.standin import StandIn
from endpoints.models import S3Endpoint
from endpoints.services import create_endpoint
from ingestion.models import Run
from telemetry.models import MappingChange, Telemetry
from telemetry.models.drafts import TelemetryDraft
from telemetry.wizard.services import start_draft
from tests.pages.rows import make_account, make_run, make_run_file, make_telemetry, reject_rows, store_file
from tests.standin import BUCKET, REGION, trust, use_aws_at

DAY = date(2026, 5, 1)
PASSWORD = "correct horse battery"


@dataclass
class Place:
    """An account with one of everything; `ids` are what its addresses are made of."""

    account: Account
    admin: Membership
    member: Membership
    endpoint: S3Endpoint
    telemetry: Telemetry
    run: Run
    invitation: Invitation
    session_id: UUID
    ids: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.ids = {
            "endpoint_id": self.endpoint.public_id,
            "telemetry_id": self.telemetry.public_id,
            "source_id": self.telemetry.public_id,
            "run_id": self.run.public_id,
            "member_id": self.member.public_id,
            "invitation_id": self.invitation.public_id,
            "session_id": self.session_id,
            "day": DAY,
            "step": "source",
        }


@dataclass
class Person:
    """Somebody with their browser, the account that they look at, and the draft that they began there."""

    looks_at: Place
    user: User | None = None
    draft: TelemetryDraft | None = None
    account_ids: set[int] = field(default_factory=set)
    client: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        if self.user is not None:
            self.client.force_login(self.user, backend="django.contrib.auth.backends.ModelBackend")
            self.account_ids = set(self.user.memberships.values_list("account", flat=True))

    @property
    def is_ours(self) -> bool:
        """Of the staff: Django admin reads an object before it asks whether they may see it."""
        return self.user is not None and self.user.is_staff

    def ids(self) -> dict[str, Any]:
        draft = self.draft or TelemetryDraft.objects.for_account(self.looks_at.account).first()
        return {**self.looks_at.ids, "draft_id": draft.public_id}


class World(TestCase):
    """The world, made once for a class of tests. Each request of `ask` is undone."""

    people: ClassVar[dict[str, Person]] = {}
    standin: ClassVar[StandIn]

    @classmethod
    def setUpClass(cls) -> None:
        cls.standin = StandIn().start()
        cls.standin.add_bucket(BUCKET, region=REGION)
        cls.addClassCleanup(cls.standin.stop)
        patch = pytest.MonkeyPatch()
        use_aws_at(cls.standin.url, patch)
        cls.addClassCleanup(patch.undo)
        cls.addClassCleanup(cache.clear)
        super().setUpClass()

    @classmethod
    def setUpTestData(cls) -> None:
        World.people = make_people(cls.standin)


def make_place(name: str, standin: StandIn, **fields: bool) -> Place:
    account = make_account(name, **fields)
    admin = join(account, "admin")
    endpoint = create_endpoint(
        account=account,
        name=f"{name} exports",
        role_arn=f"arn:aws:iam::123456789012:role/{name}",
        bucket=BUCKET,
        region=REGION,
        created_by=admin.user,
    )
    trust(standin, endpoint)
    telemetry = make_telemetry(account, "requests", endpoint=endpoint, dimensions=["team"])
    store_file(telemetry, "requests/1.csv", {DAY: {("a",): "1", ("b",): "x"}})
    run = make_run(telemetry)
    reject_rows(make_run_file(run, "requests/1.csv"), 2, reason="no date", cells={"date": "x"})
    MappingChange.objects.create(run=run, overlap="add")
    invitation = invite(
        account=account,
        email=f"asked@{account.slug}.example",
        role="viewer",
        invited_by=admin.user,
        now=timezone.now(),
    ).invitation
    somebody = join(account, "viewer", "somebody")
    Client().force_login(somebody.user, backend="django.contrib.auth.backends.ModelBackend")
    session_id = somebody.user.sign_ins.get().public_id
    return Place(account, admin, somebody, endpoint, telemetry, run, invitation, session_id)


def join(account: Account, role: str, name: str = "") -> Membership:
    email = f"{name or role}@{account.slug}.example"
    return add_member(account=account, email=email, role=role, password=PASSWORD)[0]


def make_people(standin: StandIn) -> dict[str, Person]:
    """By the columns of access.md. Everybody looks at Acme but `no beta`, who looks at their own account."""
    standin.put_object(BUCKET, "requests/1.csv", "date,team,requests\n2026-05-01,a,1\n")
    acme, zeta, dark = (
        make_place("Acme", standin),
        make_place("Zeta", standin),
        make_place("Dark", standin, s3_csv_telemetry=False),
    )
    people = {
        "anonymous": Person(acme),
        "deactivated": Person(acme, join(acme.account, "admin", "gone").user),
        "no account": Person(acme, User.objects.create_user("nobody@nowhere.example")),
        "stranger": Person(acme, zeta.admin.user),
        "viewer": Person(acme, join(acme.account, "viewer").user),
        "manager": _with_draft(acme, join(acme.account, "manager").user),
        "admin": _with_draft(acme, acme.admin.user),
        "no beta": _with_draft(dark, dark.admin.user),
        "staff": Person(acme, User.objects.create_user("staff@ours.example", is_staff=True)),
        "operator": Person(acme, User.objects.create_superuser("root@ours.example")),
    }
    Group.objects.create(name="Operators")
    _deactivate(people["deactivated"])
    return people


def _with_draft(place: Place, user: User) -> Person:
    return Person(place, user, start_draft(account=place.account, user=user, now=timezone.now()))


def _deactivate(person: Person) -> None:
    """After they signed in: the browser still holds their session."""
    User.objects.filter(pk=person.user.pk).update(is_active=False)
    person.account_ids = set()
