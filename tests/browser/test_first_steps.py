"""From nothing to data: the first sign-in, an endpoint whose checks fail in turn, the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from demo.standin import StandIn
from endpoints import storage
from endpoints.connection import ASSUME, BUCKET, LIST, NOT_WITH_ANOTHER, NOT_WITHOUT, READ, list_checks
from endpoints.models import S3Endpoint
from ingestion.models import Run
from ingestion.tasks import run_sync
from telemetry.models import Telemetry
from tests.browser.journey import press, read_daily_totals, sign_in
from tests.browser.watching import find_problems
from tests.browser.world import EMAIL, PASSWORD, make_person, put_files
from tests.standin import BUCKET as BUCKET_NAME
from tests.standin import REGION, ROLE_ARN, make_endpoint, trust

pytestmark = pytest.mark.django_db(transaction=True)

DETAILS = {
    "Endpoint Name": "Exports",
    "Role ARN": ROLE_ARN,
    "Bucket Name": BUCKET_NAME,
    "Region": REGION,
}
EMPTY_PAGES = {
    "/settings/telemetry/": "No telemetries yet",
    "/settings/telemetry/add/": "Add an S3 endpoint first",
    "/settings/endpoints/": "No endpoints yet",
}
# What is wrong with the role or with what was typed, the first check that says so, and its words.
FAULTS = (
    ({"external_id": "denominator-of-somebody-else"}, REGION, ASSUME, "trust policy"),
    ({"requires_external_id": False}, REGION, NOT_WITHOUT, "sts:ExternalId"),
    ({"any_external_id": True}, REGION, NOT_WITH_ANOTHER, "sts:ExternalId"),
    ({}, "us-east-1", BUCKET, f"Set Region to {REGION}."),
    ({"actions": ("s3:GetObject",)}, REGION, LIST, "Allow s3:ListBucket"),
    ({"actions": ("s3:ListBucket",)}, REGION, READ, "Allow s3:GetObject"),
)


def find_check(page: Page, name: str) -> Locator:
    return page.locator(".checks li").filter(has=page.get_by_text(name, exact=True))


def run_test(page: Page) -> None:
    """Test Endpoint, until no check is waiting."""
    page.evaluate("document.getElementById('test-progress')?.classList.add('before')")
    press(page, "Test Endpoint")
    expect(page.locator("#test-progress:not(.before):not([hx-post])")).to_be_visible()
    expect(page.locator(".checks li")).to_have_count(len(list_checks()))


def test_the_first_sign_in_leads_to_an_endpoint_however_often_its_test_fails(
    s3_account, standin: StandIn, live_server: LiveServer, open_page: Callable[..., Page]
):
    make_person(s3_account)
    put_files(standin, today=timezone.now().date())
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    problems: list[str] = []
    for path, heading in EMPTY_PAGES.items():
        page.goto(live_server.url + path)
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        problems += find_problems(page)
    page.goto(f"{live_server.url}/settings/telemetry/")
    page.get_by_role("main").get_by_role("link", name="Add Endpoint").click()
    for label, text in DETAILS.items():
        page.get_by_label(label).fill(text)
    shown = page.get_by_label("External ID", exact=True).input_value()
    endpoint = make_endpoint(s3_account, external_id=shown)
    for wrong, region, check, says in FAULTS:
        trust(standin, endpoint, **wrong)
        page.get_by_label("Region").fill(region)
        run_test(page)
        expect(find_check(page, check)).to_contain_text("Failed")
        expect(find_check(page, check)).to_contain_text(says)
        expect(page.get_by_label("Role ARN")).to_have_value(ROLE_ARN)
        problems += find_problems(page)
    trust(standin, endpoint)
    run_test(page)
    expect(page.get_by_role("heading", name="The connection works")).to_be_visible()
    expect(page.locator("#said")).to_have_text("The connection works")
    press(page, "Add Endpoint")
    expect(page.get_by_role("heading", level=1, name="Exports")).to_be_visible()
    assert "\n".join(problems) == ""
    assert S3Endpoint.objects.get().test_state == "passed"
    expect(page.locator("#said")).to_have_text("Exports was added.")
    page.get_by_role("main").get_by_role("link", name="Add Telemetry").click()
    press(page, "Continue")
    expect(page.get_by_label("S3 endpoint")).not_to_have_value("")  # the only one there is, chosen already


def test_an_endpoint_is_tested_and_added_without_javascript(
    s3_account, standin: StandIn, live_server: LiveServer, open_page: Callable[..., Page]
):
    make_person(s3_account)
    page = open_page(javascript=False)
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    page.get_by_role("main").get_by_role("link", name="Add Endpoint").click()
    for label, text in DETAILS.items():
        page.get_by_label(label).fill(text)
    press(page, "Update policies")
    expect(page.get_by_label("Inline policy", exact=True)).to_have_value(re.compile(BUCKET_NAME))
    press(page, "Test Endpoint")
    expect(page.get_by_role("heading", name="The connection does not work yet")).to_be_visible()
    shown = page.get_by_label("External ID", exact=True).input_value()
    trust(standin, make_endpoint(s3_account, external_id=shown))
    press(page, "Test Endpoint")
    expect(page.get_by_role("heading", name="The connection works")).to_be_visible()
    press(page, "Add Endpoint")
    expect(page.get_by_role("heading", level=1, name="Exports")).to_be_visible()
    press(page, "Test Endpoint")
    expect(page.locator(".checks li").filter(has_text="Passed")).to_have_count(len(list_checks()))


class Keyboard:
    """Someone who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, control: Locator) -> None:
        """Tab until the control has the focus, and see that the focus is shown."""
        for _ in range(80):
            if control.count() and control.evaluate("element => element === document.activeElement"):
                assert control.evaluate("element => element.matches(':focus-visible')")
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {control}")

    def press(self, name: str, *, role: str = "button", key: str = "Enter") -> None:
        self.go_to(self.page.get_by_role(role, name=name, exact=True).first)
        self.page.keyboard.press(key)

    def type(self, label: str, text: str) -> None:
        self.go_to(self.page.get_by_label(label, exact=True))
        self.page.keyboard.type(text)

    def see(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1, name=heading)).to_be_visible()


def test_the_whole_way_is_open_to_the_keyboard_alone(
    s3_account, standin: StandIn, live_server: LiveServer, open_page: Callable[..., Page]
):
    make_person(s3_account)
    put_files(standin, today=timezone.now().date())
    page = open_page()
    keys = Keyboard(page)
    page.goto(live_server.url)
    keys.type("Email", EMAIL)
    keys.type("Password", PASSWORD)
    page.keyboard.press("Enter")
    keys.see("Telemetries")
    keys.press("Add Endpoint", role="link")
    keys.see("Add Endpoint")
    shown = page.get_by_label("External ID", exact=True).input_value()
    trust(standin, make_endpoint(s3_account, external_id=shown))
    for label, text in DETAILS.items():
        keys.type(label, text)
    keys.press("Test Endpoint")
    expect(page.get_by_role("heading", name="The connection works")).to_be_visible()
    keys.press("Add Endpoint")
    keys.see("Exports")
    keys.press("Add Telemetry", role="link")
    keys.press("Continue")
    keys.see("Step 1 of 6: Source")
    keys.type("Prefix", "usage/")
    keys.type("Telemetry name", "Requests by team")
    expect(page.get_by_text("5 files match")).to_be_visible()
    page.keyboard.press("Enter")
    keys.see("Step 2 of 6: Preview")
    keys.press("Continue")
    keys.see("Step 3 of 6: Date")
    keys.press("Continue")
    keys.see("Step 4 of 6: Dimensions")
    keys.press("team", role="checkbox", key="Space")
    keys.press("Continue")
    keys.see("Step 5 of 6: Metric")
    keys.go_to(page.get_by_role("radio", name="requests", exact=True))  # preselected: the only one of numbers
    expect(page.get_by_text("identifier will be requests")).to_be_visible()
    keys.press("Continue")
    keys.see("Step 6 of 6: Review")
    keys.press("Create Telemetry")
    keys.see("Requests by team")
    keys.press("Sync now")
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    run_sync(run_id=Run.objects.get().pk)
    expect(page.get_by_text("Succeeded", exact=True)).to_be_visible()
    expect(page.locator("#run-said")).to_have_text("The run has ended: Succeeded.")
    keys.press("Requests by team", role="link")
    assert len(read_daily_totals(page)) == 5
    assert Telemetry.objects.get().identifier == "requests"
    storage.clear_sessions()
