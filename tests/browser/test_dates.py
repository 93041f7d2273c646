"""Month or day first, and dates after tomorrow, as people meet them: by keyboard, and without a script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from core.dates import spell
from demo.standin import StandIn
from telemetry.models.drafts import TelemetryDraft
from tests.browser.journey import press, sign_in
from tests.browser.watching import find_problems
from tests.browser.world import EMAIL, PASSWORD, make_draft, make_person
from tests.pages.rows import make_telemetry, store_file
from tests.standin import BUCKET

pytestmark = pytest.mark.django_db(transaction=True)

QUESTION = "Is 12/03/2024 3 Dec or 12 Mar 2024?"


@pytest.fixture
def person(s3_account):
    return make_person(s3_account)


@pytest.fixture
def draft(standin: StandIn, s3_account, s3_endpoint, person) -> TelemetryDraft:
    """At the Date step: 12 rows of which nobody can tell whether they are days of March or months."""
    rows = [f"{day:02}/03/2024,web,{day}" for day in range(1, 13)]
    text = "\n".join(["day,team,requests", *rows, ""])
    standin.put_object(BUCKET, "usage/a.csv", text, modified=datetime(2024, 3, 12, 6, tzinfo=UTC))
    return make_draft(s3_account, person, s3_endpoint, steps=2)


def see_question(page: Page, live_server: LiveServer, draft: TelemetryDraft) -> None:
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    page.goto(f"{live_server.url}/settings/telemetry/add/{draft.public_id}/date/")


def test_the_question_is_answered_by_the_keyboard(
    draft, live_server: LiveServer, open_page: Callable[..., Page]
):
    page = open_page()
    see_question(page, live_server, draft)
    page.get_by_label("Date column").select_option("team")
    expect(page.get_by_role("group", name=QUESTION)).to_have_count(0)
    page.get_by_label("Date column").select_option("day")
    expect(page.get_by_role("group", name=QUESTION)).to_be_visible()
    expect(page.get_by_text("9 rows have a date after their file was last changed.")).to_be_visible()
    page.get_by_label("Date format").select_option("MM/d/yyyy")
    press(page, "Continue")
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text(f"Answer the question: {QUESTION}")
    assert "\n".join(find_problems(page)) == ""
    summary.get_by_role("link", name="Answer the question").press("Enter")
    expect(page.get_by_role("radio", name="3 Dec 2024: the month comes first")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="12 Mar 2024: the day comes first")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("None of the formats has the day first.")
    page.get_by_role("radio", name="12 Mar 2024: the day comes first").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=": Dimensions")).to_be_visible()


def test_without_a_script_the_question_is_asked_and_answered(
    draft, live_server: LiveServer, open_page: Callable[..., Page]
):
    page = open_page(javascript=False)
    see_question(page, live_server, draft)
    page.get_by_label("Date column").select_option("team")
    press(page, "Try the formats")
    expect(page.get_by_role("group", name=QUESTION)).to_have_count(0)
    page.get_by_label("Date column").select_option("day")
    press(page, "Try the formats")
    page.get_by_label("Date format").select_option("MM/d/yyyy")
    page.get_by_label("3 Dec 2024: the month comes first").check()
    press(page, "Continue")
    expect(page.get_by_role("heading", level=1, name=": Dimensions")).to_be_visible()


def test_the_warning_of_later_dates_leads_to_their_file(
    s3_account, s3_endpoint, person, live_server: LiveServer, open_page: Callable[..., Page]
):
    telemetry = make_telemetry(s3_account, endpoint=s3_endpoint)
    stale = timezone.now().date() - timedelta(days=660)
    later = (date(2204, 1, 1), date.max)
    store_file(telemetry, "usage/odd.csv", {day: {("web", "prod"): "1"} for day in (stale, *later)})
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    expect(page.get_by_role("row", name=telemetry.name)).to_contain_text(spell(stale))
    page.goto(f"{live_server.url}/settings/telemetry/{telemetry.public_id}/")
    expect(page.get_by_text("2 dates lie after tomorrow")).to_be_visible()
    assert "\n".join(find_problems(page)) == ""
    page.get_by_role("link", name="1 Jan 2204").click()
    expect(page.get_by_role("region", name="Source files")).to_contain_text("usage/odd.csv")
