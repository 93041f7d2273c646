"""Sign-in, members, error pages and the style page in a browser: no barriers, no sideways scrolling."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.services import add_member, create_account
from tests.browser.journey import sign_in
from tests.browser.opening import PATIENCE
from tests.browser.watching import find_problems

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.accounts.guarded_urls")]

EMAIL, PASSWORD = "ada@acme.example", "correct horse battery"
SOMEBODY = "somebody.with.a.long.address@acme.example"
MEMBERS = "/settings/members/"


@pytest.fixture
def company() -> None:
    account = create_account(name="Acme")
    dark = create_account(name="Zeta without the beta", s3_csv_telemetry=False)
    for place in (account, dark):
        add_member(account=place, email=EMAIL, role="admin", name="Ada", password=PASSWORD)
    add_member(account=account, email=SOMEBODY, role="viewer")


@pytest.fixture
def person(company: None, live_server: LiveServer, open_page: Callable[..., Page]) -> Page:
    """Someone who is signed in as an admin."""
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    return page


@pytest.fixture
def stranger(live_server: LiveServer, browser: Browser) -> Iterator[Page]:
    """Someone who runs into errors: their answers are no problem of the page."""
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def test_signing_in_has_no_barriers(company, live_server, open_page):
    page = open_page()
    page.goto(f"{live_server.url}/accounts/login/")
    problems = find_problems(page)
    page.get_by_label("Email", exact=True).fill("nonsense")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title("Error: Sign in – Denominator")
    expect(page.get_by_role("alert")).to_be_focused()

    assert problems + find_problems(page) == []


def test_the_pages_of_members_have_no_barriers(person, live_server):
    problems = []

    def look(title: str) -> None:
        expect(person).to_have_title(f"{title} – Denominator")
        problems.extend(find_problems(person))

    person.goto(live_server.url + MEMBERS)
    look("Members")
    person.get_by_role("link", name="Change role of somebody").click()
    look(f"Change role of {SOMEBODY}")
    person.goto(live_server.url + MEMBERS)
    person.get_by_role("link", name="Remove somebody").click()
    look(f"Remove {SOMEBODY}")
    person.goto(f"{live_server.url}{MEMBERS}add/")
    look("Add Member")
    person.get_by_role("button", name="Invite").click()
    look("Error: Add Member")
    person.get_by_label("Email").fill("new@acme.example")
    person.get_by_label("Viewer").check()
    person.get_by_role("button", name="Invite").click()
    look("Members")
    person.get_by_role("link", name="Withdraw").click()
    look("Withdraw the invitation of new@acme.example")
    person.goto(f"{live_server.url}/accounts/sessions/")
    look("Sessions")
    person.goto(f"{live_server.url}/accounts/password/")
    look("Change password")
    assert problems == []


def test_an_invitation_from_its_link_to_the_account(person, live_server, open_page, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # whose admins hand links over
    settings.SITE_URL = live_server.url
    problems = []
    person.goto(f"{live_server.url}{MEMBERS}add/")
    person.get_by_label("Email").fill("new@acme.example")
    person.get_by_label("Admin").check()
    person.get_by_role("button", name="Invite").click()
    expect(person).to_have_title("new@acme.example is invited – Denominator")
    problems += find_problems(person)
    link = person.get_by_label("Invitation link", exact=True).input_value()

    newcomer = open_page()
    newcomer.goto(link)
    expect(newcomer).to_have_title("Invitation to Acme – Denominator")
    problems += find_problems(newcomer)
    for label in ("New password", "New password confirmation"):
        newcomer.get_by_label(label, exact=True).fill(PASSWORD)
    newcomer.get_by_role("button", name="Set password and accept").click()
    expect(newcomer.get_by_text("You are a member of Acme now.")).to_be_visible()
    newcomer.goto(f"{live_server.url}/accounts/invitations/")
    problems += find_problems(newcomer)
    assert problems == []


def test_switching_to_an_account_without_the_beta_says_how_to_ask(person, live_server):
    person.get_by_text("Account: Acme").click()
    problems = find_problems(person)
    person.get_by_role("button", name="Zeta without the beta").click()
    heading = "S3 CSV telemetry is not enabled for Zeta without the beta"
    expect(person.get_by_role("heading", name=heading)).to_be_visible()

    assert problems + find_problems(person) == []


@pytest.mark.parametrize("path", ["/no/such/page/", "/refused/", "/broken/", "/components/"])
def test_error_pages_and_the_style_page_have_no_barriers(stranger, path):
    stranger.goto(path)

    assert find_problems(stranger) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_that_was_chosen_stays(person, scheme, live_server):
    person.emulate_media(color_scheme=scheme)
    other = {"light": "dark", "dark": "light"}[scheme]
    root = person.locator("html")
    switch = person.get_by_role("button", name="Dark theme")
    expect(root).to_have_attribute("data-bs-theme", scheme)
    switch.click()
    expect(root).to_have_attribute("data-bs-theme", other)
    person.goto(live_server.url + MEMBERS)
    expect(root).to_have_attribute("data-bs-theme", other)
    expect(switch).to_have_attribute("aria-pressed", str(other == "dark").lower())
    switch.click()

    assert person.evaluate("localStorage.getItem('theme')") is None  # it follows the system again
    person.emulate_media(color_scheme=other)
    expect(root).to_have_attribute("data-bs-theme", other)
    expect(switch).to_have_attribute("aria-pressed", str(other == "dark").lower())


def test_the_systems_theme_counts_without_javascript(company, live_server, open_page):
    page = open_page(javascript=False, color_scheme="dark")
    page.goto(f"{live_server.url}/accounts/login/")

    assert page.locator("html").evaluate("root => getComputedStyle(root).colorScheme") == "dark"


def test_the_first_stop_of_the_keyboard_skips_to_the_content(person, live_server):
    person.goto(live_server.url + MEMBERS)
    person.keyboard.press("Tab")
    expect(person.get_by_role("link", name="Skip to main content")).to_be_focused()
    person.keyboard.press("Enter")
    expect(person.locator("main")).to_be_focused()


def test_escape_closes_a_menu_and_gives_the_focus_back(person):
    menu = person.locator("details.menu").first
    menu.locator("summary").click()
    menu.get_by_role("button").first.focus()
    person.keyboard.press("Escape")

    expect(menu.locator("summary")).to_be_focused()
    expect(menu.get_by_role("button").first).to_be_hidden()
