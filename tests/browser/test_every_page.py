"""Every page there is: no barrier in light or dark, nothing wider than a phone, nothing the policy blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from accounts.invitations import invite
from telemetry.wizard.steps import STEPS
from tests.browser.journey import sign_in
from tests.browser.watching import POLICY, find_odd_times, find_problems
from tests.browser.world import EMAIL, PASSWORD, World
from tests.routes import list_routes

pytestmark = pytest.mark.django_db(transaction=True)


def list_values(world: World) -> dict[str, Any]:
    """A value for each parameter that an address of ours has."""
    member = world.account.memberships.exclude(user=world.person).get()
    asked = {"email": "new@acme.example", "role": "viewer", "name": "New", "now": timezone.now()}
    invitation = invite(account=world.account, invited_by=world.person, **asked).invitation
    return {
        "telemetry_id": world.telemetry.public_id,
        "source_id": world.telemetry.public_id,
        "run_id": world.run.public_id,
        "endpoint_id": world.endpoint.public_id,
        "draft_id": world.draft.public_id,
        "member_id": member.public_id,
        "day": world.day,
        "step": STEPS[0].slug,
        "uidb64": "MQ",
        "token": "no-such-token",
        "session_id": uuid4(),
        "invitation_id": invitation.public_id,
    }


def list_pages(world: World) -> list[str]:
    """The addresses that answer a GET with a page of ours."""
    client = Client()
    client.force_login(world.person, backend="django.contrib.auth.backends.ModelBackend")
    values = list_values(world)
    paths = [
        reverse(name, kwargs={key: values[key] for key in parameters}) for name, parameters in list_routes()
    ]
    paths += [reverse("telemetry:step", args=[world.draft.public_id, step.slug]) for step in STEPS[1:]]
    return [path for path in paths if is_page(client, path)]


def is_page(client: Client, path: str) -> bool:
    try:
        answer = client.get(path)
    except Http404:
        return False
    return answer.status_code == 200 and answer["Content-Type"].startswith("text/html")


def test_no_page_has_a_barrier_or_scrolls_sideways(world, live_server, open_page: Callable[..., Page]):
    page = open_page()
    problems: list[str] = []
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    paths = list_pages(world)
    assert len(paths) > 25
    for path in paths:
        answer = page.goto(live_server.url + path)
        assert set(answer.header_value("content-security-policy").split("; ")) == POLICY
        problems += find_problems(page) + find_odd_times(page)
    assert "\n".join(problems) == ""
