"""The pages at work: tables without a full load, the calendar, times, a run that ends by itself, a viewer."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from core.dates import spell
from ingestion.models import Run, RunFile, SourceFile
from tests.browser.journey import press, sign_in
from tests.browser.opening import PATIENCE
from tests.browser.world import EMAIL, PASSWORD, World, make_person
from tests.pages.rows import make_endpoint, make_run, make_run_file, make_telemetry

pytestmark = pytest.mark.django_db(transaction=True)
TABLE = "/settings/telemetry/"


@pytest.fixture
def many(s3_account) -> None:
    """Somebody's sixty telemetries on two endpoints."""
    make_person(s3_account)
    endpoints = [make_endpoint(s3_account, name) for name in ("Main bucket", "Billing lake")]
    for number in range(60):
        make_telemetry(s3_account, f"metric{number:02}", endpoint=endpoints[number % 2])


def mark(page: Page) -> None:
    """Leave something behind that a full load would sweep away."""
    page.evaluate("window.stillHere = true")


def is_still_here(page: Page) -> bool:
    return page.evaluate("window.stillHere === true")


def first_row(page: Page):
    return page.get_by_role("region", name="Telemetries").locator("tbody th").first


def test_the_table_filters_sorts_and_pages_without_a_full_load(
    many, live_server: LiveServer, open_page: Callable[..., Page]
):
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    mark(page)
    page.get_by_role("link", name="Next").click()
    expect(first_row(page)).to_have_text("metric50 a day")
    expect(page).to_have_url(re.compile(r"\?page=2"))
    expect(page.get_by_role("region", name="Telemetries")).to_be_focused()  # Next is gone, the focus is not
    expect(page.locator("#said")).to_have_text("51–60 of 60")
    page.get_by_role("link", name="Identifier").click()
    expect(page).to_have_url(re.compile(r"sort=identifier"))
    page.get_by_role("link", name="Identifier").press("Enter")
    expect(first_row(page)).to_have_text("metric59 a day")
    expect(page.get_by_role("link", name="Identifier")).to_be_focused()
    expect(page.get_by_role("columnheader", name="Identifier")).to_have_attribute("aria-sort", "descending")
    page.get_by_label("Search").press_sequentially("metric4")
    expect(page.locator("#said")).to_have_text("1–10 of 10")
    expect(first_row(page)).to_have_text("metric49 a day")
    expect(page.get_by_label("Search")).to_be_focused()
    page.get_by_label("Endpoint").select_option(label="Billing lake")
    expect(page.locator("#said")).to_have_text("1–5 of 5")
    page.get_by_label("Search").fill("zebra")
    expect(page.locator("#said")).to_have_text("No telemetries found")
    assert is_still_here(page)
    page.reload()
    expect(page.get_by_role("heading", name="No telemetries found")).to_be_visible()
    expect(page.get_by_label("Search")).to_have_value("zebra")
    page.go_back()
    expect(first_row(page)).to_have_text("metric49 a day")


def test_the_table_without_javascript(many, live_server: LiveServer, open_page: Callable[..., Page]):
    page = open_page(javascript=False)
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    page.get_by_role("link", name="Next").click()
    expect(first_row(page)).to_have_text("metric50 a day")
    page.get_by_label("Search").fill("metric4")
    press(page, "Search")
    expect(first_row(page)).to_have_text("metric40 a day")
    page.get_by_role("link", name="Identifier").click()
    page.get_by_role("link", name="Identifier").click()
    expect(first_row(page)).to_have_text("metric49 a day")


def test_a_number_leads_to_its_files_in_two_clicks_and_the_calendar_to_its_months(
    world: World, live_server: LiveServer, open_page: Callable[..., Page]
):
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    page.get_by_role("link", name="bytes a day").click()
    page.wait_for_url(
        f"{live_server.url}{TABLE}{world.telemetry.public_id}/"
    )  # or the page before has the mark
    mark(page)
    calendar = page.locator("#coverage caption").first
    newest = calendar.text_content()
    page.get_by_role("link", name="Earlier months").click()
    expect(calendar).not_to_have_text(newest)
    expect(page).to_have_url(re.compile(r"months=2\d\d\d-\d\d"))
    page.get_by_role("link", name="Later months").click()
    expect(calendar).to_have_text(newest)
    assert is_still_here(page)
    page.get_by_label("Stacked by").select_option("team")
    press(page, "Show")
    totals = page.get_by_role("region", name="Daily totals")
    expect(totals.get_by_role("columnheader", name="All other values")).to_be_visible()
    expect(totals).to_contain_text("No data")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download daily totals (CSV)").click()
    header, *rows = saved.value.path().read_text().splitlines()
    assert header.startswith('"date","bytes","team 11","team 10"')
    assert len(rows) == 30
    totals.get_by_role("link", name=spell(world.day)).click()
    files = page.get_by_role("region", name="Source files")
    for text in ("bytes/all.csv", "etag-bytes/all.csv", "Rows used", "Rejected in the file"):
        expect(files).to_contain_text(text)


def end_reading(file: RunFile, rows: int) -> None:
    file.source_file = SourceFile.objects.create(
        source=file.run.source, version=file.version, state="superseded", rows_read=rows
    )
    file.state = RunFile.State.READ
    file.save()


def test_a_run_shows_how_far_it_is_and_ends_by_itself(
    world: World, live_server: LiveServer, open_page: Callable[..., Page]
):
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    run = make_run(world.telemetry, "running", created_at=timezone.now(), files_planned=2)
    first, second = (make_run_file(run, f"{number}.csv", "pending") for number in (1, 2))
    page.goto(f"{live_server.url}{TABLE}{world.telemetry.public_id}/runs/{run.public_id}/")
    mark(page)
    expect(page.get_by_text("0 of 2 files, 0 rows read")).to_be_visible()
    end_reading(first, 12345)
    expect(page.get_by_text("1 of 2 files, 12,345 rows read")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "1")
    end_reading(second, 5)
    Run.objects.filter(pk=run.pk).update(state="succeeded", finished_at=timezone.now())
    expect(page.get_by_text("Succeeded", exact=True)).to_be_visible()
    expect(page.locator("#run-said")).to_have_text("The run has ended: Succeeded.")
    expect(page.locator("[hx-trigger^=every]")).to_have_count(0)
    assert is_still_here(page)


def test_a_server_that_does_not_answer_is_reported(
    world: World, live_server: LiveServer, browser: Browser, open_page: Callable[..., Page]
):
    context = browser.new_context(base_url=live_server.url)  # its failures are no problem of the page
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    failing = re.compile(r"sort=identifier")
    context.route(failing, lambda route: route.fulfill(status=503, body="down"))
    page.get_by_role("link", name="Identifier").click()
    expect(page.get_by_text("The server did not answer, so what you see may be old.")).to_be_visible()
    context.unroute(failing)
    page.get_by_role("link", name="Identifier").click()
    expect(page).to_have_url(re.compile(r"sort=identifier"))
    expect(page.get_by_text("The server did not answer")).to_have_count(0)
    context.close()


def test_times_are_the_readers_with_their_zone_and_utc_without_javascript(
    world: World, live_server: LiveServer, open_page: Callable[..., Page]
):
    moment = datetime(2026, 1, 31, 22, 5, tzinfo=UTC)
    world.telemetry.__class__.objects.filter(pk=world.telemetry.pk).update(last_sync_at=moment)
    Run.objects.filter(pk=world.run.pk).update(created_at=moment)
    for javascript, shown in ((True, "1 Feb 2026, 03:35 GMT+5:30"), (False, "31 Jan 2026, 22:05 UTC")):
        page = open_page(javascript=javascript, timezone_id="Asia/Kolkata", locale="de-DE")
        sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
        time = page.get_by_role("row", name="bytes a day").locator("time[title]")
        expect(time).to_have_text(shown)
        expect(time).to_have_attribute("title", "31 Jan 2026, 22:05 UTC")
        page.goto(f"{live_server.url}{TABLE}{world.telemetry.public_id}/runs/{world.run.public_id}/")
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Run of {shown}")
        expect(page).to_have_title(f"Run of {shown} – Denominator")


def test_a_viewer_sees_all_and_is_offered_nothing_to_change(
    world: World, live_server: LiveServer, open_page: Callable[..., Page]
):
    make_person(world.account, role="viewer", email="vera@acme.example")
    page = open_page()
    sign_in(page, url=live_server.url, email="vera@acme.example", password=PASSWORD)
    paths = [
        TABLE,
        f"{TABLE}{world.telemetry.public_id}/",
        f"{TABLE}{world.telemetry.public_id}/files/",
        f"{TABLE}{world.telemetry.public_id}/runs/",
        f"{TABLE}{world.telemetry.public_id}/runs/{world.run.public_id}/",
        f"{TABLE}{world.telemetry.public_id}/days/{world.day}/",
        "/settings/endpoints/",
        f"/settings/endpoints/{world.endpoint.public_id}/",
    ]
    for path in paths:
        page.goto(live_server.url + path)
        main = page.get_by_role("main")
        expect(main.locator("form[method=post]")).to_have_count(0)
        for name in ("Add", "Edit", "Delete", "Deactivate", "Activate", "Sync now", "Test Endpoint"):
            expect(main.get_by_role("link", name=name)).to_have_count(0)
            expect(main.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("navigation", name="Settings").get_by_role("link", name="Members")).to_have_count(
        0
    )
    assert world.endpoint.external_id not in page.content()
