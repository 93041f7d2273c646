from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Account, Membership, User
from demo.standin import StandIn
from endpoints.models import S3Endpoint
from tests.standin import BUCKET
from tests.wizard.walk import Walk

NEWEST = datetime(2026, 3, 12, 4, 0, tzinfo=UTC)
COMPANIES = (("Apple", "technology"), ("CVS", "health"), ("Amazon", "retail"))


def put_day(standin: StandIn, day: int, *, header: str = "date,company,sector,mentions") -> str:
    """A day of March 2026 as a file of three rows; its key."""
    rows = [f"2026-03-{day:02},{name},{sector},{day * 10 + n}" for n, (name, sector) in enumerate(COMPANIES)]
    key = f"mentions/2026-03-{day:02}.csv"
    modified = NEWEST - timedelta(days=12 - day)
    standin.put_object(BUCKET, key, "\n".join([header, *rows, ""]), modified=modified)
    return key


@pytest.fixture
def days(standin: StandIn) -> StandIn:
    """The stand-in with the files of 8 to 12 March."""
    for day in range(8, 13):
        put_day(standin, day)
    return standin


def make_member(account: Account, email: str, role: str = "manager") -> User:
    user = User.objects.create_user(email)
    Membership.objects.create(account=account, user=user, role=role)
    return user


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture
def manager(s3_account: Account) -> User:
    return make_member(s3_account, "mona@acme.example")


@pytest.fixture
def client(manager: User) -> Client:
    return sign_in(manager)


@pytest.fixture
def walk(client: Client, s3_endpoint: S3Endpoint, days: StandIn) -> Walk:
    return Walk(client, s3_endpoint)
