"""Unfinished telemetries: begun by the first valid input, kept, a line each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from telemetry.models.drafts import TelemetryDraft
from telemetry.wizard.services import start_draft
from tests.browser.journey import press, sign_in
from tests.browser.watching import find_problems
from tests.browser.world import EMAIL, PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 390, "height": 844}


def test_drafts_keep_what_was_typed_and_never_displace_the_table(
    world, live_server: LiveServer, open_page: Callable[..., Page]
):
    TelemetryDraft.objects.all().delete()
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    telemetries = f"{live_server.url}/settings/telemetry/"
    page.goto(f"{telemetries}add/")  # has a look, and leaves
    page.goto(telemetries)
    expect(page.get_by_text("Not finished yet")).to_have_count(0)
    page.goto(f"{telemetries}add/")
    page.get_by_label("S3 endpoint").select_option(label=f"{world.endpoint.name} (s3://acme-exports/)")
    page.get_by_label("Telemetry name").fill("Requests by team")
    page.get_by_label("Prefix").fill("usages/")
    page.get_by_role("button", name="Continue", exact=True).dblclick()
    expect(page.get_by_role("alert")).to_contain_text("No file in bucket")
    page.reload()
    press(page, "Save and close")
    expect(page.get_by_text("Requests by team was saved. Continue with it from this page.")).to_be_visible()
    page.get_by_role("link", name="Continue with Requests by team").click()
    expect(page.get_by_label("Telemetry name")).to_have_value("Requests by team")
    assert TelemetryDraft.objects.count() == 1

    for number in range(4):
        typed = {"typed": {"name": f"{number} {'a very long name ' * 11}"}}
        start_draft(account=world.account, user=world.person, now=timezone.now(), answers=typed)
    page.set_viewport_size(PHONE)
    page.goto(telemetries)
    shown = page.get_by_role("link", name="Continue with").filter(visible=True)
    expect(shown).to_have_count(3)
    assert all(link.bounding_box()["height"] < 30 for link in shown.all())
    drafts = page.locator(".drafts-part").bounding_box()
    assert drafts["height"] < PHONE["height"] / 4
    assert drafts["x"] + drafts["width"] <= PHONE["width"]
    assert "\n".join(find_problems(page)) == ""
    page.get_by_role("button", name="Discard").first.click()
    expect(page.get_by_text("was discarded.")).to_be_visible()
    page.get_by_text("1 more").click()
    expect(page.get_by_role("link", name="Continue with Requests by team")).to_be_visible()


def test_each_step_names_its_telemetry_and_what_is_likely_is_prepared(
    world, live_server: LiveServer, open_page: Callable[..., Page]
):
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    step = f"{live_server.url}/settings/telemetry/add/{world.draft.public_id}/"
    page.goto(f"{step}preview/")
    press(page, "Continue")
    for name in ("source", "preview", "date", "dimensions", "metric", "review"):
        page.goto(f"{step}{name}/")
        subject = page.locator(".wizard-subject")
        expect(subject).to_contain_text("Requests by team s3://acme-exports/usage/")
        expect(subject).to_contain_text("Sampled: usage/")
        expect(page.get_by_role("button", name="Save and close")).to_be_visible()
    page.goto(f"{step}dimensions/")
    expect(page.get_by_role("checkbox", name="date", exact=True)).to_have_count(0)
    numbers = page.get_by_role("checkbox", name="requests", exact=True)
    expect(numbers).not_to_be_visible()
    page.get_by_text("Columns of numbers: requests").click()
    expect(numbers).to_be_visible()
    assert "\n".join(find_problems(page)) == ""
    world.draft.refresh_from_db()
    del world.draft.answers["metric"]
    world.draft.save()
    page.goto(f"{step}metric/")
    expect(page.get_by_role("radio", name="requests", exact=True)).to_be_checked()
    expect(page.get_by_text("identifier will be requests")).to_be_visible()
