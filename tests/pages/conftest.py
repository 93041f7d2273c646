from __future__ import annotations

import pytest
from django.core.cache import cache

from accounts.models import Account
from tests.pages.rows import make_account


@pytest.fixture
def account(db: None) -> Account:
    return make_account("Acme")


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """A download that a test does not read to its end holds its place."""
    cache.clear()
