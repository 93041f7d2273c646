"""Two tabs, one session: a form acts on the account that its page was made for, or not at all."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.marks import EXEMPT, FIELD, HEADER, SESSION_ROUTES, make_mark, read_mark
from accounts.models import Account, Invitation, Membership, User

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
POSTED = re.compile(r"<form\b[^>]*\bmethod=\"post\".*?</form>", re.DOTALL | re.IGNORECASE)
HTMX = {"HX-Request": "true"}
NEW = {"email": "new@acme.example", "role": "admin"}
ADD = "/settings/members/add/"


class HiddenFields(HTMLParser):
    """The hidden fields of a page, by name; the last one of a name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "input" and values.get("type") == "hidden":
            self.found[values.get("name") or ""] = values.get("value") or ""


def read_hidden(answer: HttpResponse) -> dict[str, str]:
    return HiddenFields(answer.content.decode()).found


@pytest.fixture
def in_both(account, other_account, join) -> User:
    user = join(account, "admin", email="both@acme.example").user
    join(other_account, "admin", email=user.email)
    return user


@pytest.fixture
def browser(in_both, sign_in) -> Client:
    """Sends the fields of its forms, as a browser does, and nothing by itself."""
    client = sign_in(in_both)
    client.sends_marks = False
    return client


def switch(client: Client, slug: str) -> None:
    hidden = read_hidden(client.get("/accounts/password/"))
    assert client.post("/accounts/switch/", {**hidden, "account": slug}).status_code == 302


def post(client: Client, fields: dict[str, str], **headers: str) -> HttpResponse:
    return client.post(ADD, {**fields, **NEW}, headers=headers)


def list_members() -> set[tuple[str, str]]:
    """Those who are asked, too."""
    asked = set(Invitation.objects.values_list("account__slug", "email"))
    return asked | set(Membership.objects.values_list("account__slug", "user__email"))


class TestTemplates:
    def test_every_form_that_is_posted_carries_the_mark(self):
        forms = [
            (path.name, form)
            for path in TEMPLATES.rglob("*.html")
            for form in POSTED.findall(path.read_text(encoding="utf-8"))
        ]
        assert len(forms) > 25
        assert [name for name, form in forms if form.count("{% form_marks %}") != 1] == []

    def test_no_template_writes_the_token_without_the_mark(self):
        texts = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html")}
        assert [name for name, text in texts.items() if re.search(r"csrf_token|csrf_input", text)] == []

    def test_whatever_htmx_sends_is_below_the_body_that_has_the_mark(self):
        roots = [
            path.relative_to(TEMPLATES).as_posix()
            for path in TEMPLATES.rglob("*.html")
            if "<body" in path.read_text(encoding="utf-8")
        ]
        assert roots == ["layout.html"]
        assert "<body {% htmx_marks %}>" in (TEMPLATES / "layout.html").read_text(encoding="utf-8")
        texts = [path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html")]
        assert not any("hx-headers" in text or "hx-disinherit" in text for text in texts)

    def test_the_page_has_the_mark_of_its_reader_in_each_form_and_for_htmx(self, in_both, account, browser):
        page = browser.get(ADD).content.decode()
        mark = make_mark(user=in_both, account=account)
        forms = POSTED.findall(page)
        assert len(forms) == 3  # the page's own, the switch, and sign out
        assert all(f'name="{FIELD}" value="{mark}"' in form for form in forms)
        assert f'"{HEADER}": "{mark}"' in unescape(page)


class TestTwoTabs:
    def test_a_form_that_was_opened_in_another_account_is_refused_and_says_so(self, browser):
        first_tab = read_hidden(browser.get(ADD))
        switch(browser, "zeta")
        before = list_members()
        answer = post(browser, first_tab)
        page = re.sub(r"\s+", " ", answer.content.decode())

        assert answer.status_code == 409
        assert "Nothing was changed.</strong> The page was made for the account Acme." in page
        assert "You are in the account Zeta now, as both@acme.example." in page
        assert '<button class="btn" name="account" value="acme">Switch to Acme</button>' in page
        assert list_members() == before

    def test_it_is_taken_after_switching_back(self, browser):
        first_tab = read_hidden(browser.get(ADD))
        switch(browser, "zeta")
        switch(browser, "acme")

        assert post(browser, first_tab).status_code == 302
        assert ("acme", NEW["email"]) in list_members()

    @pytest.mark.parametrize("place", ["field", "header", "both"])
    def test_the_mark_counts_wherever_it_stands(self, browser, in_both, account, other_account, place):
        right = make_mark(user=in_both, account=account)
        wrong = make_mark(user=in_both, account=other_account)
        for mark, status in ((right, 302), (wrong, 409)):
            fields = {} if place == "header" else {FIELD: right if place == "both" else mark}
            headers = {} if place == "field" else {HEADER: mark}
            assert post(browser, fields, **headers).status_code == status
            Membership.objects.filter(user__email=NEW["email"]).delete()

    def test_of_two_in_the_form_both_must_be_right(self, browser, in_both, account, other_account):
        marks = [make_mark(user=in_both, account=each) for each in (other_account, account)]
        assert browser.post(ADD, {FIELD: marks, **NEW}).status_code == 409

    @pytest.mark.parametrize("mark", ["", "x", "x:y", "WyIxIl0:x", "ä\ud7ff", "é:é"])
    def test_a_forged_mark_is_refused(self, browser, mark):
        before = list_members()
        for answer in (post(browser, {FIELD: mark}), post(browser, {})):
            assert answer.status_code == 409
            assert "did not say which account it was made for" in answer.content.decode()
        assert list_members() == before

    def test_the_mark_of_another_purpose_or_key_is_none(self, in_both, account, settings):
        mark = make_mark(user=in_both, account=account)
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
        assert read_mark(mark).slug == "acme"  # while the old key is known, pages that stand open go on
        settings.SECRET_KEY_FALLBACKS = []
        assert read_mark(mark) is None

    def test_a_form_of_another_person_is_refused(self, browser, account, join):
        other = join(account, "admin", email="other@acme.example").user
        answer = post(browser, {FIELD: make_mark(user=other, account=account)})

        assert answer.status_code == 409
        assert "made for another person, or before you signed in" in answer.content.decode()

    def test_a_form_of_before_the_sign_in_is_refused(self, browser):
        fields = {FIELD: make_mark(user=None, account=None), "email": "a@b.example"}
        assert browser.post("/accounts/password/reset/", fields).status_code == 409

    def test_who_was_signed_out_is_sent_to_sign_in_and_reads_that_nothing_was_saved(self, browser):
        fields = read_hidden(browser.get(ADD))
        browser.logout()
        answer = post(browser, fields)

        assert answer.status_code == 302
        assert answer.url.startswith("/accounts/login/")
        assert (
            "You were signed out, so nothing was saved." in browser.get("/accounts/login/").content.decode()
        )

    def test_signing_out_and_switching_work_from_every_tab(self, browser):
        first_tab = read_hidden(browser.get(ADD))
        switch(browser, "zeta")

        assert browser.post("/accounts/switch/", {**first_tab, "account": "acme"}).status_code == 302
        switch(browser, "zeta")
        assert browser.post("/accounts/logout/", first_tab).url == "/accounts/login/"

    def test_the_exceptions_have_their_reasons(self):
        assert set(SESSION_ROUTES) == {"accounts:logout", "accounts:switch"}
        assert set(EXEMPT) == {"admin"}
        assert all((SESSION_ROUTES | EXEMPT).values())


class TestRemovedWhileWorking:
    def test_the_next_form_is_refused_and_the_page_offers_the_choice(self, browser, in_both):
        fields = read_hidden(browser.get(ADD))
        Membership.objects.filter(user=in_both, account__slug="acme").delete()
        before = list_members()
        answer = post(browser, fields)
        page = re.sub(r"\s+", " ", answer.content.decode())

        assert answer.status_code == 409
        assert "You do not belong to Acme any more, and are in no account now." in page
        assert '<button class="btn" name="account" value="zeta">Switch to Zeta</button>' in page
        assert list_members() == before
        assert browser.get(ADD).status_code == 403  # and goes on saying so

    def test_so_does_one_of_the_person_alone(self, browser, in_both):
        fields = read_hidden(browser.get("/accounts/password/"))
        Membership.objects.filter(user=in_both, account__slug="acme").delete()
        assert browser.post("/accounts/password/", fields).status_code == 409

    def test_who_is_added_again_goes_on_where_they_were(self, browser, in_both, account):
        fields = read_hidden(browser.get(ADD))
        Membership.objects.filter(user=in_both, account=account).delete()
        browser.get(ADD)
        Membership.objects.create(user=in_both, account=account, role="admin")

        assert post(browser, fields).status_code == 302

    def test_an_account_that_was_deleted_is_left_too(self, browser):
        Account.objects.filter(slug="acme").delete()
        assert "You do not belong to Acme any more" in browser.get(ADD).content.decode()


class TestHtmx:
    def headers_of(self, client: Client) -> dict[str, str]:
        mark = re.search(
            rf'"{HEADER}": "([^"]+)"', unescape(client.get("/accounts/password/").content.decode())
        )[1]
        return {**HTMX, HEADER: mark}

    def test_what_it_sends_is_taken_while_the_account_is_the_same(self, browser):
        assert post(browser, {}, **self.headers_of(browser)).status_code == 302

    def test_what_it_sends_is_refused_after_a_switch_and_the_whole_page_says_so(self, browser):
        headers = self.headers_of(browser)
        switch(browser, "zeta")
        before = list_members()
        answer = post(browser, {}, **headers)

        assert answer.status_code == 409
        assert answer.headers["HX-Refresh"] == "true"
        assert "The page was made for the account Acme." in answer.content.decode()
        assert "<html" not in answer.content.decode()
        page = browser.get("/accounts/password/").content.decode()
        assert "Nothing was changed. The page was made for the account Acme." in page
        assert list_members() == before

    def test_a_part_of_a_page_of_the_account_of_before_is_never_filled_with_the_other_accounts(self, browser):
        headers = self.headers_of(browser)
        assert "HX-Refresh" not in browser.get("/settings/telemetry/", headers=headers).headers
        switch(browser, "zeta")
        answer = browser.get("/settings/telemetry/", headers=headers)

        assert answer.headers["HX-Refresh"] == "true"
        assert answer.content == b""
        assert "You are in the account Zeta now" in browser.get("/settings/telemetry/").content.decode()

    def test_a_part_for_somebody_signed_out_leads_to_sign_in(self, browser):
        headers = self.headers_of(browser)
        browser.logout()
        answer = browser.get("/settings/telemetry/", headers=headers)
        assert answer.headers["HX-Redirect"].startswith("/accounts/login/")


def test_administration_takes_its_forms_without_a_mark(account, sign_in):
    client = sign_in(User.objects.create_superuser("root@ours.example"))
    client.sends_marks = False
    url = f"/admin/accounts/account/{account.pk}/change/"
    fields = read_hidden(client.get(url))
    assert client.post(url, {**fields, "name": "Acme and Sons", "slug": "acme"}).status_code == 302
