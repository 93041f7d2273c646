"""Which files a telemetry reads: chosen from folders, or pasted as AWS shows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from demo.standin import StandIn
from tests.browser.journey import press, sign_in
from tests.browser.watching import find_problems
from tests.browser.world import EMAIL, PASSWORD, make_person, put_files
from tests.pages.rows import make_telemetry
from tests.standin import BUCKET

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_prefix_is_chosen_or_pasted_and_its_other_reader_said(
    s3_account,
    s3_endpoint,
    standin: StandIn,
    live_server: LiveServer,
    open_page: Callable[..., Page],
    javascript,
):
    make_person(s3_account)
    make_telemetry(s3_account, "bytes", endpoint=s3_endpoint, prefix="usage/", name="Bytes")
    put_files(standin, today=timezone.now().date())
    page = open_page(javascript=javascript)
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    page.goto(f"{live_server.url}/settings/telemetry/add/")
    page.get_by_label("Telemetry name").fill("Requests")
    page.get_by_role("button", name="Use usage/").click()
    expect(page.get_by_label("Prefix")).to_have_value("usage/")
    expect(page.get_by_label("Telemetry name")).to_have_value("Requests")
    expect(page.get_by_text("Bytes reads the same files.")).to_be_visible()
    assert not javascript or "\n".join(find_problems(page)) == ""
    page.get_by_label("Prefix").fill(f"s3://{BUCKET}/usage/2")
    if not javascript:
        press(page, "Show matching files")
    expect(page.get_by_text("was read as the prefix usage/2")).to_be_visible()
    expect(page.get_by_text("5 files match")).to_be_visible()
    page.get_by_label("Prefix").press("Enter")  # continues, and chooses no folder
    expect(page.get_by_role("heading", level=1, name=": Preview")).to_be_visible()
    expect(page.locator("#messages").get_by_text("was read as the prefix usage/2")).to_be_visible()


def test_what_is_typed_before_the_script_loads_is_applied_afterwards(
    s3_account, s3_endpoint, standin: StandIn, live_server: LiveServer, open_page: Callable[..., Page]
):
    """As what a browser puts back after a reload, and what was typed before the session was lost."""
    make_person(s3_account)
    put_files(standin, today=timezone.now().date())
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    held: list[Route] = []
    page.route("**/htmx*.js", lambda route: held.append(route))
    page.goto(f"{live_server.url}/settings/telemetry/add/", wait_until="commit")
    page.get_by_label("Prefix").fill("usage/")
    for route in held:
        route.continue_()
    expect(page.get_by_text("5 files match")).to_be_visible()
