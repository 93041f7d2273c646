"""Cookies go while somebody fills in a form: they sign in, and go on where they were."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Invitation
from tests.browser.journey import sign_in
from tests.browser.watching import find_problems
from tests.browser.world import EMAIL, PASSWORD, make_person

pytestmark = pytest.mark.django_db(transaction=True)
ADD = "/settings/members/add/"
KEPT = "You were signed out, so nothing was saved. Sign in: what you typed is kept."


def fill_in_and_lose_the_session(page: Page, url: str) -> None:
    sign_in(page, url=url, email=EMAIL, password=PASSWORD)
    page.goto(url + ADD)
    page.get_by_label("Email").fill("new@acme.example")
    page.get_by_label("Name").fill("Größe & <Co>")
    page.get_by_label("Manager").check()
    page.context.clear_cookies()
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text(KEPT)).to_be_visible()
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title("Add Member – Denominator")


def test_what_was_typed_is_filled_in_again(s3_account, live_server, open_page):
    make_person(s3_account)
    page = open_page()
    fill_in_and_lose_the_session(page, live_server.url)
    expect(page.get_by_text("What you typed is filled in again. Check it, then send it.")).to_be_visible()
    expect(page.get_by_role("button", name="Send what you typed")).to_have_count(0)
    expect(page.get_by_label("Email")).to_have_value("new@acme.example")
    expect(page.get_by_label("Name")).to_have_value("Größe & <Co>")
    expect(page.get_by_label("Manager")).to_be_checked()
    assert find_problems(page) == []
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Add Member")
    assert Invitation.objects.get().role == "manager"


def test_without_a_script_it_is_sent_by_a_button(s3_account, live_server, open_page):
    make_person(s3_account)
    page = open_page(javascript=False)
    fill_in_and_lose_the_session(page, live_server.url)
    assert not Invitation.objects.exists()
    page.get_by_role("button", name="Send what you typed").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Add Member")
    assert Invitation.objects.get().name == "Größe & <Co>"
