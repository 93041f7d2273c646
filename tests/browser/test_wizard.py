"""The wizard as people use it: there and back, left and resumed, in two tabs, with a double click."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from demo.standin import StandIn
from telemetry.models import Telemetry
from tests.browser.journey import press, sign_in
from tests.browser.watching import find_problems
from tests.browser.world import EMAIL, PASSWORD, make_draft, make_person, put_files

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person(s3_account):
    return make_person(s3_account)


@pytest.fixture
def page(
    person, s3_endpoint, standin: StandIn, live_server: LiveServer, open_page: Callable[..., Page]
) -> Page:
    """Somebody at the Telemetries table; 1 of the 7 sampled rows has a cell too many."""
    put_files(standin, today=timezone.now().date(), ragged=True)
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    return page


def see(page: Page, step: str) -> None:
    expect(page.get_by_role("heading", level=1, name=f": {step}")).to_be_visible()


def test_forward_back_left_and_resumed(page: Page, live_server: LiveServer, standin: StandIn):
    put_files(standin, today=timezone.now().date())  # every row has its width
    page.get_by_role("link", name="Add Telemetry").first.click()
    page.get_by_label("Prefix").fill("usage/")
    expect(page.get_by_text("5 files match")).to_be_visible()  # while one types
    page.get_by_label("Telemetry name").fill("Requests by team")
    press(page, "Continue")
    see(page, "Preview")
    expect(page.get_by_role("columnheader", name="team")).to_contain_text("text, 2 distinct")
    press(page, "Continue")
    see(page, "Date")
    page.get_by_label("Date column").select_option("plan")
    expect(page.get_by_text("No format fits every row of plan")).to_be_visible()
    page.get_by_label("Date column").select_option("date")
    expect(page.get_by_text("Suggested for date: yyyy-MM-dd")).to_be_visible()
    expect(page.get_by_role("region", name="Formats", exact=True)).to_contain_text("0 of 6")
    page.get_by_role("main").get_by_role("link", name="Back").click()
    see(page, "Preview")
    press(page, "Continue")
    expect(page.get_by_label("Date format")).to_have_value("yyyy-MM-dd")
    press(page, "Continue")
    see(page, "Dimensions")
    page.goto(f"{live_server.url}/settings/telemetry/")  # off to a meeting
    page.get_by_role("link", name="Continue with Requests by team").click()
    see(page, "Dimensions")
    page.get_by_role("checkbox", name="team", exact=True).check()
    press(page, "Continue")
    see(page, "Metric")
    page.get_by_role("radio", name="requests", exact=True).check()
    expect(page.get_by_text("identifier will be requests")).to_be_visible()
    press(page, "Continue")
    see(page, "Review")
    expect(page.get_by_text("All 6 sampled rows would be accepted.")).to_be_visible()
    page.get_by_role("link", name="Change dimensions").click()
    see(page, "Dimensions")
    page.get_by_role("checkbox", name="plan", exact=True).check()
    press(page, "Continue")
    see(page, "Review")
    expect(page.get_by_text("team, plan")).to_be_visible()
    press(page, "Create Telemetry")
    expect(page.get_by_role("heading", level=1, name="Requests by team")).to_be_visible()
    page.go_back()
    page.wait_for_load_state()
    expect(page.get_by_role("heading", level=1, name="Requests by team")).to_be_visible()
    page.goto(f"{live_server.url}/settings/telemetry/")
    expect(page.get_by_role("row", name="Requests by team")).to_contain_text("Active")
    expect(page.get_by_text("Not finished yet")).to_have_count(0)


def test_two_tabs_at_once_overwrite_nothing_unseen(
    page: Page, person, s3_account, s3_endpoint, live_server: LiveServer
):
    draft = make_draft(s3_account, person, s3_endpoint, steps=3)
    url = f"{live_server.url}/settings/telemetry/add/{draft.public_id}/dimensions/"
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(url)
    page.get_by_role("checkbox", name="team", exact=True).check()
    press(page, "Continue")
    see(page, "Metric")
    other.get_by_role("checkbox", name="plan", exact=True).check()
    press(other, "Continue")
    expect(other).to_have_title("Error: Step 4 of 6: Dimensions – Denominator")
    expect(other.get_by_role("alert")).to_contain_text("changed in another tab")
    expect(other.get_by_role("checkbox", name="plan", exact=True)).to_be_checked()
    assert "\n".join(find_problems(other)) == ""
    press(other, "Continue")
    see(other, "Metric")
    draft.refresh_from_db()
    assert draft.answers["dimensions"] == {"dimensions": ["plan"]}


def test_a_double_click_on_create_makes_one_telemetry(
    page: Page, person, s3_account, s3_endpoint, live_server: LiveServer
):
    draft = make_draft(s3_account, person, s3_endpoint)
    page.goto(f"{live_server.url}/settings/telemetry/add/{draft.public_id}/review/")
    expect(page.get_by_text("1 of 7 sampled rows would be rejected, because:")).to_be_visible()
    expect(page.get_by_text("the row has more or fewer cells than the header (1)")).to_be_visible()
    assert "\n".join(find_problems(page)) == ""
    page.get_by_role("button", name="Create Telemetry").dblclick()
    expect(page.get_by_role("heading", level=1, name="Requests by team")).to_be_visible()
    page.wait_for_load_state()
    assert Telemetry.objects.get().draft == draft
