from __future__ import annotations

import pytest

from accounts.models import Membership, User
from accounts.roles import ADMIN


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
