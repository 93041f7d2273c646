from __future__ import annotations

import pytest

from accounts.models import Account, Membership, User
from accounts.roles import ADMIN
from tests.standin import BUCKET, make_endpoint, trust


@pytest.fixture
def sign_in(client, s3_account):
    def sign_in_as(role, account=s3_account):
        user = User.objects.create_user(f"{role}@{account.slug}.example")
        Membership.objects.create(account=account, user=user, role=role)
        client.force_login(user)
        return client

    return sign_in_as


@pytest.fixture
def admin(sign_in):
    return sign_in(ADMIN)


@pytest.fixture
def exports(standin):
    """An unsaved endpoint of the prefix exports/ of the bucket, which is empty."""
    made = make_endpoint(Account(name="Acme", slug="acme"), path_prefix="exports")
    trust(standin, made)
    return made


@pytest.fixture
def put(standin):
    """Put a file under exports/."""
    return lambda name, body="date,n\n": standin.put_object(BUCKET, f"exports/{name}", body)
