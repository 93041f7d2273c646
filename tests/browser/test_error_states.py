"""Where a page says no: its title begins with Error, its summary has the focus, and no barrier stands."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from endpoints.storage import clear_sessions
from tests.browser.journey import press, sign_in
from tests.browser.watching import find_problems
from tests.browser.world import EMAIL, PASSWORD, World, make_draft
from tests.standin import BUCKET, trust

pytestmark = pytest.mark.django_db(transaction=True)


class Visitor:
    """Someone who makes mistakes, and looks at each page that says so."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.problems: list[str] = []

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def look(self, *says: str) -> None:
        """The page says no, in the title, at the top and at the field, and its summary has the focus."""
        expect(self.page).to_have_title(re.compile("^Error: "))
        summary = self.page.get_by_role("alert")
        expect(summary).to_be_focused()
        for text in says:
            expect(summary).to_contain_text(text)
        self.problems += find_problems(self.page)


@pytest.fixture
def visitor(world: World, live_server: LiveServer, open_page: Callable[..., Page]) -> Visitor:
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    return Visitor(page, live_server.url)


def test_what_is_wrong_with_an_endpoint_or_a_telemetry_is_said_at_its_field(visitor, world):
    page = visitor.page
    visitor.open("/settings/endpoints/add/")
    visitor.press("Add Endpoint")
    visitor.look("Enter a name", "Enter the ARN", "Enter the name of the bucket", "Enter the bucket's region")
    page.get_by_label("Role ARN").fill("arn:aws:iam::12:user/me")
    page.get_by_label("Bucket Name").fill("s3://acme/usage")
    visitor.press("Test Endpoint")
    visitor.look("put acme here and usage into S3 Path Prefix")
    visitor.open(f"/settings/endpoints/{world.endpoint.public_id}/edit/")
    page.get_by_label("Region").fill("Europe (Frankfurt)")
    visitor.press("Save changes")
    visitor.look("Enter the region's code, such as us-east-1")

    telemetry = f"/settings/telemetry/{world.telemetry.public_id}/"
    visitor.open(f"{telemetry}edit/")
    page.get_by_label("Telemetry name").fill(" ")
    visitor.press("Save")
    visitor.look("Enter a telemetry name")
    visitor.open(f"{telemetry}delete/")
    page.get_by_label("Identifier").fill("Bytes")
    visitor.press("Delete telemetry")
    visitor.look("Type bytes to delete")
    visitor.open(f"{telemetry}?from=2026-05-02&to=2026-05-01")
    visitor.look("The range ends before it begins")
    assert "\n".join(visitor.problems) == ""


def test_each_step_of_the_wizard_says_what_it_cannot_take(visitor, world, standin):
    page = visitor.page
    step = f"/settings/telemetry/add/{world.draft.public_id}/".__add__
    visitor.open(step("source/"))
    page.get_by_label("Prefix").fill("nothing/")
    page.get_by_label("Telemetry name").fill("")
    visitor.press("Continue")
    visitor.look("No file in bucket acme-exports has a key that begins with", "Enter a telemetry name")
    visitor.open(step("date/"))
    page.get_by_label("Date format").select_option("MM/d/yyyy")
    visitor.press("Continue")
    visitor.look("are not in the format MM/d/yyyy", "The format yyyy-MM-dd fits every row.")
    visitor.open(step("dimensions/"))
    page.get_by_text("Columns of numbers: requests").click()
    for column in ("team", "plan", "requests"):
        page.get_by_role("checkbox", name=column, exact=True).check()
    visitor.press("Continue")
    visitor.look("No column is left for the metric")
    visitor.open(step("metric/"))
    page.get_by_role("radio", name="plan", exact=True).check()
    visitor.press("Continue")
    visitor.look("sampled values of plan cannot be used")
    assert "\n".join(visitor.problems) == ""


def test_a_source_that_has_gone_bad_is_named_with_its_remedy(visitor, world, standin):
    page = visitor.page
    draft = make_draft(world.account, world.person, world.endpoint)
    step = f"/settings/telemetry/add/{draft.public_id}/".__add__
    standin.put_object(BUCKET, "usage/newest.csv", "date,te am\n2026-01-01,x\n")
    visitor.open(step("preview/"))
    visitor.look("te am")
    expect(page.get_by_role("button", name="Read the newest files again")).to_be_visible()
    standin.delete_object(BUCKET, "usage/newest.csv")
    trust(standin, world.endpoint, actions=("s3:GetObject",))
    clear_sessions()  # the session begun with the role as it was
    visitor.open(step("source/"))
    press(page, "Continue")
    visitor.look("s3:ListBucket")
    assert "\n".join(visitor.problems) == ""
