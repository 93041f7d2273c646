from __future__ import annotations

import os

import pytest

from tests.browser.world import World, make_world

# Playwright's synchronous interface keeps an event loop in this thread, and Django would refuse the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture
def world(s3_account, standin) -> World:
    """An account with something of everything."""
    return make_world(s3_account, standin)
