"""A sync that failed: the page of the telemetry and of the run begin with why, and with what to do."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from ingestion.work import execute_run
from tests.browser.journey import press, sign_in
from tests.browser.watching import find_problems
from tests.browser.world import EMAIL, PASSWORD, World
from tests.pages.rows import NOON, make_run

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_failing_sync_begins_with_the_cause_the_remedy_and_the_action(
    world: World, live_server: LiveServer, open_page: Callable[..., Page]
):
    endpoint, telemetry = world.endpoint, world.telemetry
    endpoint.role_arn = "arn:aws:iam::210987654321:role/Gone"
    endpoint.save()
    run = make_run(telemetry, "queued", created_at=NOON, started_at=None)
    execute_run(run_id=run.pk, clock=lambda: NOON)
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    page.get_by_role("link", name="bytes a day").click()
    alert = page.locator("#problem")
    expect(alert).to_contain_text("The bucket could not be read")
    expect(alert).to_contain_text("The role arn:aws:iam::210987654321:role/Gone cannot be assumed.")
    expect(alert).to_contain_text("Check that the role exists")
    problems = find_problems(page)
    alert.get_by_role("link", name="See the run").click()
    main = page.get_by_role("main")
    expect(main.locator(".card, .alert").first).to_contain_text("Check that the role exists")
    expect(main).to_contain_text("No files found")
    problems += find_problems(page)
    page.locator("#problem").get_by_role("link", name="See the data").click()
    expect(page).to_have_url(re.compile(f"/{telemetry.public_id}/#data$"))
    page.locator("#problem").get_by_role("link", name="Edit endpoint").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(endpoint.name)
    page.go_back()
    press(page, "Test Endpoint")
    expect(page.get_by_role("heading", level=1)).to_have_text(endpoint.name)
    page.go_back()
    press(page, "Sync again")
    expect(page).to_have_url(re.compile("/runs/[0-9a-f-]+/$"))
    page.goto(f"{live_server.url}/settings/telemetry/{telemetry.public_id}/runs/")
    expect(page.get_by_role("columnheader", name="Duration")).to_be_visible()
    assert problems == []
