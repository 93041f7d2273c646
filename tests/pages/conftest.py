from __future__ import annotations

import pytest

from accounts.models import Account
from tests.pages.rows import make_account


@pytest.fixture
def account(db: None) -> Account:
    return make_account("Acme")
