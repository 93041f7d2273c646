"""Two tabs of one browser, in which a person goes from one of their accounts to the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Membership
from accounts.services import add_member, create_account
from endpoints.models import S3Endpoint
from tests.browser.journey import sign_in
from tests.browser.opening import PATIENCE
from tests.browser.watching import find_problems
from tests.standin import BUCKET, REGION

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL, PASSWORD = "ada@acme.example", "correct horse battery"
ADD = "/settings/endpoints/add/"


@pytest.fixture
def tabs(live_server: LiveServer, browser: Browser) -> Iterator[BrowserContext]:
    """A browser with a session in Acme. That answers are refusals is no problem of its pages."""
    for name in ("Acme", "Zeta"):
        add_member(account=create_account(name=name), email=EMAIL, role="admin", password=PASSWORD)
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(PATIENCE)
    sign_in(context.new_page(), url=live_server.url, email=EMAIL, password=PASSWORD)
    yield context
    context.close()


def open_tab(tabs: BrowserContext, path: str) -> Page:
    page = tabs.new_page()
    page.goto(path)
    return page


def switch(page: Page, name: str) -> None:
    page.locator("summary", has_text="Account:").click()
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text(f"You are now in {name}.")


def fill_in(page: Page) -> None:
    page.get_by_label("Endpoint Name").fill("Exports")
    page.get_by_label("Role ARN").fill("arn:aws:iam::123456789012:role/Reader")
    page.get_by_label("Bucket Name").fill(BUCKET)
    page.get_by_label("Region").fill(REGION)


def test_a_form_of_the_first_tab_does_not_land_in_the_account_of_the_second(tabs):
    first = open_tab(tabs, ADD)
    first.route("**/add/", lambda route: route.abort() if _is_of_htmx(route.request) else route.continue_())
    fill_in(first)
    switch(open_tab(tabs, "/settings/members/"), "Zeta")
    first.get_by_role("button", name="Add Endpoint").click()

    expect(first.get_by_role("heading", level=1)).to_have_text("This page was made for another account")
    expect(first.get_by_role("main")).to_contain_text("You are in the account Zeta now, as ada@acme.example.")
    assert find_problems(first) == []
    assert S3Endpoint.objects.count() == 0

    first.get_by_role("button", name="Switch to Acme").click()
    expect(first.get_by_role("status").first).to_contain_text("You are now in Acme.")
    first.goto(ADD)
    fill_in(first)
    first.get_by_role("button", name="Add Endpoint").click()
    expect(first.get_by_role("heading", level=1)).to_have_text("Exports")
    assert S3Endpoint.objects.get().account.slug == "acme"


def test_what_htmx_sends_from_the_first_tab_shows_the_switch_there(tabs):
    first = open_tab(tabs, ADD)
    switch(open_tab(tabs, "/settings/members/"), "Zeta")
    first.get_by_label("Bucket Name").fill(BUCKET)  # the documents follow what is typed

    expect(first.get_by_role("status").first).to_contain_text("The page was made for the account Acme.")
    expect(first.locator("summary", has_text="Account:")).to_have_text("Account: Zeta")


def test_who_was_removed_reads_so_and_chooses_where_to_go_on(tabs):
    page = open_tab(tabs, "/settings/members/add/")
    page.get_by_label("Email").fill("new@acme.example")
    page.get_by_label("Viewer").check()
    Membership.objects.filter(account__slug="acme").delete()
    page.get_by_role("button", name="Invite").click()

    expect(page.get_by_role("main")).to_contain_text("You do not belong to Acme any more")
    page.goto("/settings/telemetry/")
    expect(page.get_by_role("heading", level=1)).to_have_text("You do not belong to Acme any more")
    assert find_problems(page) == []
    page.get_by_role("button", name="Switch to Zeta").click()
    expect(page.get_by_role("status").first).to_contain_text("You are now in Zeta.")
    assert set(Membership.objects.values_list("account__slug", "user__email")) == {("zeta", EMAIL)}


def _is_of_htmx(request: Request) -> bool:
    return "hx-request" in request.headers
