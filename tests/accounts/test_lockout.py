"""After five wrong passwords a person and an address together are locked out; nobody else is."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.services import add_member

LOGIN = "/accounts/login/"
PASSWORD, WRONG = "correct horse battery", "wrong"
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
CLOSED = "From where you are, this sign-in is closed for"


@pytest.fixture
def user(account) -> User:
    return add_member(account=account, email="ada@acme.example", role="admin", password=PASSWORD)[0].user


def try_once(email: str, password: str = WRONG, *, address: str = HERE, **headers: str):
    fields = {"username": email, "password": password}
    return Client(REMOTE_ADDR=address).post(LOGIN, fields, headers=headers)


def lock(email: str, *, address: str = HERE):
    for _ in range(5):
        answer = try_once(email, address=address)
    return answer


def test_the_fifth_wrong_password_closes_the_door_and_says_for_how_long_and_whom_to_ask(user, settings):
    settings.SUPPORT_CONTACT = "support@denominator.example"
    answer = lock(user.email)
    page = answer.content.decode()

    assert answer.status_code == 429
    assert f"{CLOSED} 15 more minutes" in page
    assert "contact support@denominator.example" in page


def test_then_the_right_password_is_not_looked_at(user):
    lock(user.email)

    assert try_once(user.email, PASSWORD).status_code == 429


def test_the_same_person_from_elsewhere_and_another_from_here_may_sign_in(user, account):
    add_member(account=account, email="bob@acme.example", role="viewer", password=PASSWORD)
    lock(user.email)

    assert try_once(user.email, PASSWORD, address=ELSEWHERE).status_code == 302
    assert try_once("bob@acme.example", PASSWORD).status_code == 302


def test_another_spelling_of_the_address_is_no_other_person(user):
    for email in ("ada@acme.example", "ADA@acme.example", " Ada@Acme.Example ", "aDa@acme.example"):
        try_once(email)

    assert try_once("adA@acme.example").status_code == 429


def test_another_browser_is_no_other_place(user):
    for number in range(4):
        try_once(user.email, **{"User-Agent": f"Browser {number}"})

    assert try_once(user.email, **{"User-Agent": "Browser 5"}).status_code == 429


def test_an_unknown_address_is_locked_out_in_the_same_words(user):
    known, unknown = lock(user.email), lock("nobody@acme.example")

    assert unknown.status_code == known.status_code
    assert CLOSED in unknown.content.decode()


def test_a_wrong_password_takes_as_many_queries_for_everybody(user, account):
    """A member, somebody unknown, somebody deactivated: nor do they differ in what is written."""
    deactivated, _ = add_member(account=account, email="off@acme.example", role="viewer", password=PASSWORD)
    User.objects.filter(pk=deactivated.user_id).update(is_active=False)
    counts = set()
    for email in (user.email, "nobody@acme.example", deactivated.user.email):
        with CaptureQueriesContext(connection) as queries:
            try_once(email)
        counts.add(len(queries))

    assert len(counts) == 1


def test_trying_on_does_not_make_it_longer(user):
    lock(user.email)
    began = timezone.now() - timedelta(minutes=10)
    AccessAttempt.objects.update(attempt_time=began)
    try_once(user.email)

    assert f"{CLOSED} 5 more minutes" in try_once(user.email).content.decode()


def test_it_ends_by_itself(user):
    lock(user.email)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))

    assert try_once(user.email, PASSWORD).status_code == 302


def test_a_right_password_forgets_the_wrong_ones_before(user):
    for _ in range(4):
        try_once(user.email)
    try_once(user.email, PASSWORD)

    assert not AccessAttempt.objects.exists()


@pytest.mark.parametrize(
    ("more", "opened"), [((), True), (("--address", HERE), True), (("--address", ELSEWHERE), False)]
)
def test_a_command_opens_the_door(user, capsys, more, opened):
    lock(user.email)
    call_command("unlock_sign_in", "Ada@acme.example", *more, "--json")

    assert json.loads(capsys.readouterr().out)["failures_forgotten"] == (5 if opened else 0)
    assert try_once(user.email, PASSWORD).status_code == (302 if opened else 429)


@pytest.mark.parametrize(
    ("path", "field"), [("/accounts/password/", "old_password"), ("/accounts/second-factor/", "password")]
)
def test_nobody_guesses_the_password_at_an_open_session(user, sign_in, path, field):
    client = sign_in(user)
    answers = [client.post(path, {field: f"guess {number}"}).status_code for number in range(6)]

    assert answers == [200] * 4 + [429] * 2
    right = {field: PASSWORD, "new_password1": "another long phrase", "new_password2": "another long phrase"}
    assert client.post(path, right).status_code == 429


def test_what_was_typed_is_not_kept(user):
    lock(user.email)
    kept = "".join(AccessAttempt.objects.values_list("post_data", flat=True))

    assert "username" in kept
    assert "wrong" not in kept
    assert user.email not in kept


@pytest.mark.parametrize("hops", ["203.0.113.9, 192.0.2.50", "198.51.100.7, 203.0.113.9, 192.0.2.50"])
def test_behind_a_proxy_the_place_is_the_clients_and_what_it_says_itself_does_not_count(user, settings, hops):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "192.0.2.50"]
    for _ in range(5):
        try_once(user.email, address="10.1.2.3", **{"X-Forwarded-For": hops})

    assert AccessAttempt.objects.get().ip_address == "203.0.113.9"
    other = {"X-Forwarded-For": "203.0.113.10, 192.0.2.50"}
    assert try_once(user.email, PASSWORD, address="10.1.2.3", **other).status_code == 302


def test_without_a_trusted_proxy_nobody_chooses_their_address(user):
    for number in range(4):
        try_once(user.email, **{"X-Forwarded-For": f"203.0.113.{number}"})

    assert try_once(user.email, **{"X-Forwarded-For": "203.0.113.99"}).status_code == 429
