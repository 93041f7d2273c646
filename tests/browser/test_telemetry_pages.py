"""A telemetry's day, chart and tables, as a newcomer uses them on a laptop and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from core.dates import spell
from tests.browser.journey import sign_in
from tests.browser.test_chart import PLACE_OF_DAY
from tests.browser.watching import find_problems
from tests.browser.world import EMAIL, PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 390, "height": 844}
# Which column heads of the table of that caption lie inside the screen.
SEEN_HEADS = """(caption) => {
    const table = [...document.querySelectorAll("table")].find((one) => one.caption.textContent === caption);
    return [...table.tHead.rows[0].cells].filter((cell) => cell.getBoundingClientRect().right <= innerWidth)
        .map((cell) => (cell.querySelector("a") ?? cell).firstChild.textContent.trim());
}"""
TOOLTIP = """canvas => {
    const { body, footer } = Chart.getChart(canvas).tooltip;
    return [body.map((one) => one.lines[0]), footer];
}"""
TOOLTIP_IS_SHOWN = """canvas => new Promise((done) => {
    const look = () => (Chart.getChart(canvas).tooltip.opacity ? done() : requestAnimationFrame(look));
    look();
})"""
COLOURS = """canvas => Chart.getChart(canvas).data.datasets.map(
    (one) => [one.backgroundColor, one.hoverBackgroundColor]
)"""


def test_a_day_is_grouped_sorted_and_leads_on(
    world: World, live_server: LiveServer, open_page: Callable[..., Page]
):
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    own = f"{live_server.url}/settings/telemetry/{world.telemetry.public_id}/"
    page.goto(f"{own}days/{world.day}/?by=team")
    points = page.get_by_role("region", name="Data points")
    page.get_by_label("Grouped by").select_option("env")
    expect(points.get_by_role("rowheader", name="prod")).to_be_visible()
    expect(points.locator(".subtotal .number")).to_have_text(page.locator(".figure strong").inner_text())
    page.get_by_label("Order").select_option("-value")
    expect(page).to_have_url(re.compile(r"sort=-value.*by=team|by=team.*sort=-value"))
    expect(points.locator("tbody tr").nth(1)).to_contain_text("team 11")
    problems = find_problems(page)
    page.get_by_role("link", name="Previous day").click()
    expect(page).to_have_url(re.compile(r"/days/(?!" + str(world.day) + r").*group=env"))
    page.get_by_role("link", name="Next day").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(spell(world.day))
    expect(points.get_by_role("rowheader", name="prod")).to_be_visible()
    page.goto(own)
    expect(page.locator("canvas")).to_be_visible()
    page.get_by_role("link", name="Configuration").click()
    expect(page.get_by_text("s3://acme-exports/bytes/")).to_be_visible()
    problems += find_problems(page)
    page.goto(f"{own}?from=2001-01-01&to=2001-01-05")
    expect(page.get_by_text("No date of this range has data.")).to_be_visible()
    expect(page.locator("canvas")).to_have_count(0)
    assert problems == []


def test_a_first_tap_shows_the_values_and_a_second_opens_the_day(
    world: World, live_server: LiveServer, open_page: Callable[..., Page]
):
    page = open_page(color_scheme="dark", has_touch=True)
    page.set_viewport_size(PHONE)
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    assert page.evaluate(SEEN_HEADS, "Telemetries")[:3] == ["Name", "Freshness", "Newest value"]
    page.goto(f"{live_server.url}/settings/telemetry/{world.telemetry.public_id}/?by=team")
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    place = canvas.evaluate(PLACE_OF_DAY, spell(world.day))
    canvas.tap(position=place)
    canvas.evaluate(TOOLTIP_IS_SHOWN)
    lines, footer = canvas.evaluate(TOOLTIP)
    assert lines[0].startswith("All other values: ")
    assert lines[-1].startswith("team 11: ")
    total = page.get_by_role("row", name=re.compile(spell(world.day))).first.locator("td").first.inner_text()
    assert footer == [f"Total: {total}"]
    assert "/days/" not in page.url
    colours = canvas.evaluate(COLOURS)
    assert all(colour == hover for colour, hover in colours)
    canvas.tap(position=place)
    expect(page).to_have_url(re.compile(f"/days/{world.day}/"))
    assert page.evaluate(SEEN_HEADS, "Source files")[0] == "Key"
    value = page.get_by_role("region", name="Data points").locator("thead .number")
    assert value.evaluate("head => head.getBoundingClientRect().right <= innerWidth")
