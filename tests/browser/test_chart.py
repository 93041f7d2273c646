"""The chart of daily totals: a click, or the table below by keyboard, leads to the page of a day."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from core.dates import spell
from tests.browser.journey import sign_in
from tests.browser.world import EMAIL, PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True)
# Where on the page the chart has drawn the day with this index: the middle of a bar, the point of a line.
PLACE_OF_DAY = """(canvas, day) => {
    const chart = Chart.getChart(canvas);
    const [drawn] = chart.getDatasetMeta(0).data.slice(chart.data.labels.indexOf(day));
    const { x, y } = drawn.getCenterPoint();
    return { x, y };
}"""
TABS = 200  # more stops than any page has


@pytest.fixture
def page(world: World, live_server: LiveServer, open_page: Callable[..., Page]) -> Page:
    """Somebody who is signed in."""
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    return page


def expect_day(page: Page, world: World) -> None:
    expect(page).to_have_url(re.compile(f"/{world.telemetry.public_id}/days/{world.day}/"))
    expect(page.get_by_role("heading", level=1)).to_have_text(
        f"Where this number comes from: {spell(world.day)}"
    )


@pytest.mark.parametrize(("query", "kind"), [("", "line"), ("?by=team", "bar")])
def test_a_click_on_the_chart_opens_the_page_of_that_day(page, world, live_server, query, kind):
    page.goto(f"{live_server.url}/settings/telemetry/{world.telemetry.public_id}/{query}")
    canvas = page.locator("canvas")
    expect(canvas).to_be_visible()
    assert canvas.evaluate("canvas => Chart.getChart(canvas).config.type") == kind
    place = canvas.evaluate(PLACE_OF_DAY, spell(world.day))
    canvas.hover(position=place)
    expect(canvas).to_have_css("cursor", "pointer")
    canvas.click(position=place)
    expect_day(page, world)


def test_the_keyboard_reaches_the_same_page_by_the_table_below_the_chart(page, world, live_server):
    page.goto(f"{live_server.url}/settings/telemetry/{world.telemetry.public_id}/")
    day = page.get_by_role("region", name="Daily totals").get_by_role("link", name=spell(world.day))
    expect(day).to_be_visible()
    page.get_by_role("heading", name="Daily total", exact=True).click()  # the keyboard begins at the chart
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if day.evaluate("link => link === document.activeElement"):
            break
    expect(day).to_be_focused()
    page.keyboard.press("Enter")
    expect_day(page, world)


def test_stacked_by_applies_at_once_and_range_and_stacking_stay(page, world, live_server, open_page):
    page.goto(f"{live_server.url}/settings/telemetry/{world.telemetry.public_id}/")
    page.get_by_label("Stacked by").focus()
    page.get_by_label("Stacked by").select_option("team")
    totals = page.get_by_role("region", name="Daily totals")
    expect(totals.get_by_role("columnheader", name="All other values")).to_be_visible()
    expect(page).to_have_url(re.compile("by=team"))
    expect(page.get_by_label("Stacked by")).to_be_focused()
    expect(page.locator("#said")).to_contain_text("stacked by team")
    canvas = page.locator("canvas")
    assert canvas.evaluate("canvas => Chart.getChart(canvas).config.type") == "bar"
    page.get_by_role("link", name="Newest 30 dates").click()
    expect(page.get_by_label("Stacked by")).to_have_value("team")
    canvas.click(position=canvas.evaluate(PLACE_OF_DAY, spell(world.day)))
    expect(page).to_have_url(re.compile(r"/days/.*\?by=team"))
    page.get_by_role("link", name=world.telemetry.name, exact=True).click()
    expect(page.get_by_label("Stacked by")).to_have_value("team")
    plain = open_page(javascript=False)
    sign_in(plain, url=live_server.url, email=EMAIL, password=PASSWORD)
    plain.goto(f"{live_server.url}/settings/telemetry/{world.telemetry.public_id}/")
    plain.get_by_label("Stacked by").select_option("team")
    plain.get_by_role("button", name="Show").click()
    expect(plain.get_by_role("columnheader", name="All other values")).to_be_visible()
