"""Second factor, forgotten password and audit log in a browser: no barriers, nothing that the CSP blocks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.services import add_member, create_account
from tests.accounts.codes import make_code
from tests.browser.journey import sign_in
from tests.browser.test_accounts import find_problems

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL, PASSWORD = "ada@acme.example", "correct horse battery"


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def person(db: None, scheme: str, live_server: LiveServer, open_page: Callable[..., Page]) -> Page:
    account = create_account(name="Acme")
    add_member(account=account, email=EMAIL, role="admin", name="Ada", password=PASSWORD)
    page = open_page(color_scheme=scheme)
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    return page


def look(page: Page, title: str, problems: list[str]) -> None:
    expect(page).to_have_title(f"{title} – Denominator")
    problems.extend(find_problems(page))


def test_a_second_factor_from_set_up_to_sign_in(person, live_server):
    problems: list[str] = []
    person.goto(f"{live_server.url}/accounts/second-factor/")
    look(person, "Second factor", problems)
    person.get_by_label("Password", exact=True).fill(PASSWORD)
    person.get_by_role("button", name="Set up").click()
    look(person, "Set up your second factor", problems)
    picture = person.get_by_alt_text("QR code of the key below")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
    user = User.objects.get(email=EMAIL)
    person.get_by_label("Code").fill(make_code(user, steps=-1))
    person.get_by_role("button", name="Turn on").click()
    look(person, "Your recovery codes", problems)
    codes = person.get_by_label("Recovery codes", exact=True).input_value().split("\n")
    assert len(codes) == 10

    person.get_by_text("Signed in as Ada").click()
    person.get_by_role("button", name="Sign out").click()
    person.get_by_label("Email", exact=True).fill(EMAIL)
    person.get_by_label("Password", exact=True).fill(PASSWORD)
    person.get_by_role("button", name="Sign in").click()
    look(person, "Sign in: second factor", problems)
    person.get_by_label("Code").fill(make_code(user))
    person.get_by_role("button", name="Sign in").click()
    expect(person).to_have_title("Telemetries – Denominator")
    person.goto(f"{live_server.url}/accounts/second-factor/off/")
    look(person, "Turn off your second factor", problems)
    person.goto(f"{live_server.url}/settings/members/")
    look(person, "Members", problems)
    assert problems == []


def test_the_audit_log_and_the_pages_of_a_forgotten_password(person, live_server, open_page):
    problems: list[str] = []
    person.goto(f"{live_server.url}/settings/audit/")
    look(person, "Audit log", problems)
    person.get_by_label("Action").select_option("Member created")
    person.get_by_role("button", name="Filter").click()
    expect(person.locator("summary", has_text="Member created")).to_be_visible()
    expect(person.locator("summary", has_text="Account created")).to_have_count(0)
    person.goto(f"{live_server.url}/accounts/sessions/")
    expect(person.get_by_role("cell", name="Person signed in by password")).to_be_visible()

    stranger = open_page()
    stranger.goto(f"{live_server.url}/accounts/login/")
    stranger.get_by_role("link", name="Forgotten your password?").click()
    look(stranger, "Forgotten password", problems)
    stranger.get_by_label("Email", exact=True).fill("nobody@acme.example")
    stranger.get_by_role("button", name="Send link").click()
    look(stranger, "Check your email", problems)
    stranger.goto(f"{live_server.url}/accounts/password/reset/MQ/x-y/")
    look(stranger, "This link does not work", problems)
    assert problems == []
