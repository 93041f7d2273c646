from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User

LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"
SAME_ANSWER = "Incorrect e-mail address or password."


@pytest.fixture
def user(account, join) -> User:
    user = join(account, "viewer", email="Ada@acme.example").user
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in_as(email: str, password: str = PASSWORD, query: str = "", client: Client | None = None):
    return (client or Client()).post(LOGIN + query, {"username": email, "password": password})


@pytest.mark.parametrize("email", ["Ada@acme.example", "ada@ACME.example", " ADA@ACME.EXAMPLE "])
def test_the_address_matches_whatever_its_case(user, email):
    answer = sign_in_as(email)

    assert answer.status_code == 302
    assert answer.url == "/settings/telemetry/"


@pytest.mark.parametrize(
    ("email", "password", "is_active"),
    [
        ("Ada@acme.example", "wrong", True),
        ("nobody@acme.example", PASSWORD, True),
        ("Ada@acme.example", PASSWORD, False),
    ],
)
def test_nothing_reveals_who_has_a_sign_in(user, email, password, is_active):
    User.objects.update(is_active=is_active)
    answer = sign_in_as(email, password)

    assert answer.status_code == 200
    page = answer.content.decode()
    assert SAME_ANSWER in page
    assert "<title>Error: Sign in – Denominator</title>" in page


def test_a_missing_password_is_named_at_its_field_and_in_the_summary(user):
    page = sign_in_as("ada@acme.example", "").content.decode()

    assert '<a href="#id_password">Enter your password.</a>' in page
    assert 'aria-describedby="id_password_error"' in page


def test_no_address_holds_a_null_character(user):
    assert sign_in_as("ada\x00@acme.example").status_code == 400


@pytest.mark.parametrize(
    ("next_url", "target"),
    [
        ("/settings/endpoints/", "/settings/endpoints/"),
        ("https://elsewhere.example/", "/settings/telemetry/"),
        ("//elsewhere.example/", "/settings/telemetry/"),
        ("javascript:alert(1)", "/settings/telemetry/"),
        (LOGIN, "/settings/telemetry/"),
    ],
)
def test_signing_in_goes_on_to_pages_of_this_site_only(user, next_url, target):
    assert sign_in_as("ada@acme.example", query=f"?next={next_url}").url == target


def test_the_form_carries_the_next_page_along(user):
    page = Client().get(f"{LOGIN}?next=/settings/endpoints/").content.decode()

    assert '<input type="hidden" name="next" value="/settings/endpoints/">' in page


def test_the_sign_in_page_sends_on_who_is_signed_in_even_back_from_itself(user, sign_in):
    client = sign_in(user)

    assert client.get(LOGIN).url == "/settings/telemetry/"
    assert client.get(f"{LOGIN}?next={LOGIN}?next=/").url == "/settings/telemetry/"


def test_signing_out_needs_a_post_and_ends_the_session(user, sign_in):
    client = sign_in(user)
    assert client.get("/accounts/logout/").status_code == 405

    assert client.post("/accounts/logout/").url == LOGIN
    assert client.get("/accounts/password/").status_code == 302


class TestChangingThePassword:
    NEW = "another long phrase"

    def change(self, client: Client, old: str = PASSWORD):
        fields = {"old_password": old, "new_password1": self.NEW, "new_password2": self.NEW}
        return client.post("/accounts/password/", fields)

    def test_it_rotates_this_session_and_ends_the_others(self, user, sign_in):
        here, elsewhere = sign_in(user), sign_in(user)
        before = here.session.session_key

        assert self.change(here).status_code == 302
        assert here.session.session_key != before
        assert here.get("/accounts/password/").status_code == 200
        assert elsewhere.get("/accounts/password/").status_code == 302
        assert sign_in_as(user.email, self.NEW).status_code == 302

    def test_it_asks_for_the_old_one(self, user, sign_in):
        answer = self.change(sign_in(user), old="wrong")

        assert answer.status_code == 200
        assert sign_in_as(user.email).status_code == 302
