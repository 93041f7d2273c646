"""Cookies that are lost while somebody types: they sign in and have what they typed; nobody else does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.marks import FIELD, make_mark
from accounts.models import Account, Invitation, User
from accounts.services import add_member
from tests.accounts.test_marks import read_hidden

ADD = "/settings/members/add/"
PAGE = f"http://testserver{ADD}"
EMAIL, PASSWORD = "ada@acme.example", "correct horse battery"
TYPED = {"email": "new@acme.example", "role": "viewer", "name": "Größe & <Co>"}
LOST = "You were signed out, so nothing was saved. Sign in: what you typed is kept."


@pytest.fixture
def person(account, other_account) -> User:
    """Somebody of two accounts, of which Acme is the first."""
    for place in (account, other_account):
        user = add_member(account=place, email=EMAIL, role="admin", password=PASSWORD)[0].user
    return user


@pytest.fixture
def browser(person) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.sends_marks = False
    sign_in(client)
    return client


def sign_in(client: Client, *, email: str = EMAIL, query: str = "") -> HttpResponse:
    hidden = read_hidden(client.get(f"/accounts/login/{query}"))
    return client.post(f"/accounts/login/{query}", {**hidden, "username": email, "password": PASSWORD})


def lose_cookies(client: Client, *names: str) -> None:
    for name in names or (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        del client.cookies[name]


def send(client: Client, fields: dict[str, str], *, page: str = PAGE) -> HttpResponse:
    return client.post(ADD, {**fields, **TYPED}, headers={"Referer": page})


@pytest.mark.parametrize(
    "names", [(), (settings.SESSION_COOKIE_NAME,)], ids=["both cookies", "the session's cookie"]
)
def test_who_lost_the_cookies_signs_in_and_has_what_they_typed(browser, names):
    hidden = read_hidden(browser.get(ADD))
    lose_cookies(browser, *names)
    answer = send(browser, hidden)
    assert answer.url == f"/accounts/login/?next={ADD}"
    assert LOST in browser.get(answer.url).content.decode()
    assert sign_in(browser, query=f"?next={ADD}").url == ADD
    page = browser.get(ADD)
    assert "Send what you typed" in page.content.decode()
    kept = read_hidden(page)
    assert TYPED.items() <= kept.items()
    assert browser.post(ADD, kept).status_code in {200, 302}
    assert Invitation.objects.get().name == TYPED["name"]
    assert "Send what you typed" not in browser.get(ADD).content.decode()


def test_they_come_back_into_the_account_of_the_form(browser, other_account):
    hidden = read_hidden(browser.get(ADD))
    browser.post("/accounts/switch/", {**hidden, "account": other_account.slug})
    hidden = read_hidden(browser.get(ADD))
    lose_cookies(browser)
    send(browser, hidden)
    sign_in(browser, query=f"?next={ADD}")
    page = browser.get(ADD)
    assert page.wsgi_request.account == other_account
    assert TYPED.items() <= read_hidden(page).items()


def test_a_token_that_changed_leads_back_to_the_form(browser):
    hidden = read_hidden(browser.get(ADD))
    lose_cookies(browser, settings.CSRF_COOKIE_NAME)
    answer = send(browser, hidden)
    assert answer.url == ADD
    page = browser.get(ADD)
    assert "Your session has changed, so nothing was saved." in page.content.decode()
    assert TYPED.items() <= read_hidden(page).items()
    assert not Invitation.objects.exists()


def test_a_part_of_a_page_leads_the_whole_page_there(browser):
    hidden = read_hidden(browser.get(ADD))
    lose_cookies(browser)
    headers = {"HX-Request": "true", "HX-Current-URL": PAGE, "X-Made-For": hidden[FIELD]}
    answer = browser.post(ADD, TYPED, headers=headers)
    assert answer.headers["HX-Redirect"] == f"/accounts/login/?next={ADD}"


def test_another_person_sees_nothing_of_it(browser, account):
    add_member(account=account, email="eve@acme.example", role="admin", password=PASSWORD)
    hidden = read_hidden(browser.get(ADD))
    lose_cookies(browser)
    send(browser, hidden)
    sign_in(browser, email="eve@acme.example")
    assert "Send what you typed" not in browser.get(ADD).content.decode()
    assert "kept_form" not in browser.session


def test_it_is_kept_for_an_hour(browser, monkeypatch):
    hidden = read_hidden(browser.get(ADD))
    lose_cookies(browser)
    send(browser, hidden)
    assert browser.session.get_expiry_age() <= 3600
    later = timezone.now() + timedelta(minutes=61)
    sign_in(browser)
    assert browser.session.get_expiry_age() > 3600
    monkeypatch.setattr("accounts.kept_forms.timezone.now", lambda: later)
    assert "Send what you typed" not in browser.get(ADD).content.decode()


@pytest.mark.parametrize(
    "mark", ["", "forged", make_mark(user=None, account=None)], ids=["none", "forged", "of nobody"]
)
def test_a_form_without_our_mark_is_not_stored(person, mark):
    stranger = Client(enforce_csrf_checks=True)
    stranger.sends_marks = False
    assert send(stranger, {FIELD: mark}).status_code == 403
    assert settings.SESSION_COOKIE_NAME not in stranger.cookies


def test_another_site_cannot_prefill_a_form(browser):
    hidden = read_hidden(browser.get(ADD))
    answer = browser.post(ADD, {**hidden, **TYPED}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "Send what you typed" not in browser.get(ADD).content.decode()


@pytest.mark.parametrize(
    "fields",
    [{"old_password": "x", "new_password1": "y"}, {"code": "123456"}, {"name": "x" * 100_001}],
    ids=["passwords", "a code", "too much"],
)
def test_what_is_secret_or_too_much_is_not_kept(browser, fields):
    hidden = read_hidden(browser.get(ADD))
    lose_cookies(browser)
    browser.post("/accounts/password/", {**hidden, **fields}, headers={"Referer": PAGE})
    assert browser.session["kept_form"]["fields"] == []
    assert "Sign in and send it again." in browser.get("/accounts/login/").content.decode()


@pytest.mark.parametrize("page", ["", "https://evil.example/", "http://["])
def test_a_form_from_no_page_of_ours_leads_home(browser, page):
    hidden = read_hidden(browser.get(ADD))
    lose_cookies(browser)
    assert send(browser, hidden, page=page).url == "/accounts/login/?next=/settings/telemetry/"


def test_signing_out_twice_is_nothing_to_send_again(browser, account: Account):
    hidden = read_hidden(browser.get(ADD))
    lose_cookies(browser)
    browser.post("/accounts/logout/", hidden)
    assert browser.session["kept_form"]["fields"] == []
