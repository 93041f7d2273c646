"""The audit log and the members of an account, as its admin reads them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts.invitations import invite
from audit.models import Entry
from tests.browser.journey import sign_in
from tests.browser.watching import find_problems
from tests.browser.world import EMAIL, PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "a name of an endpoint that is much longer than the line in which it stands, " * 3
PHONE = {"width": 390, "height": 800}


def test_an_entry_is_one_line_and_opens_to_the_rest(world: World, live_server, open_page):
    Entry.objects.create(
        account_id=world.account.pk,
        at=world.run.created_at,
        actor=EMAIL,
        action="endpoint.changed",
        object_type="endpoint",
        object_id="7",
        object_name=LONG,
        via="page",
        address="192.0.2.1",
        agent="Netscape",
        before={"bucket": "old"},
        after={"bucket": "new"},
    )
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    page.goto(f"{live_server.url}/settings/audit/")
    entries = page.get_by_role("list", name="Entries, newest first")
    entry = entries.get_by_role("listitem").filter(has_text="Endpoint changed").first
    for size in (page.viewport_size, PHONE):
        page.set_viewport_size(size)
        heights = [one.bounding_box()["height"] for one in entries.get_by_role("listitem").all()]
        assert max(heights) < 45  # pixels: two lines are more
    expect(page.get_by_text("Netscape")).to_be_hidden()
    entry.locator("summary").press("Enter")
    for text in ("old → new", "Page, 192.0.2.1", "Netscape"):
        expect(entry.get_by_text(text)).to_be_visible()
    expect(page.get_by_label("Who", exact=True)).to_be_visible()
    expect(page.get_by_text("optional")).to_have_count(0)
    assert find_problems(page) == []


def test_the_members_page_says_who_comes_and_how(world: World, live_server, open_page):
    invite(
        account=world.account,
        email="new@acme.example",
        role="viewer",
        name="Noa",
        invited_by=world.person,
        now=world.run.created_at,
    )
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    page.goto(f"{live_server.url}/settings/members/")
    for name in ("Last sign-in", "Second factor", "State"):
        expect(page.get_by_role("columnheader", name=name)).to_be_visible()
    members = page.get_by_role("region", name="Members")
    expect(members.get_by_role("row", name=EMAIL)).to_contain_text("UTC")
    expect(members.get_by_role("row", name="somebody.with")).to_contain_text("Never")
    expect(page.get_by_role("row", name="new@acme.example")).to_contain_text("Until")
    assert find_problems(page) == []
