"""A forgotten password: a link by e-mail, and nothing that tells who has a sign-in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

from accounts import second_factor
from accounts.models import Identity, RecoveryCode, SecondFactor, User
from accounts.services import add_member
from accounts.throttle import allow
from config.celery import sender
from tests.accounts.codes import make_code

RESET = "/accounts/password/reset/"
NEW = {"new_password1": "another long phrase", "new_password2": "another long phrase"}
UNUSED = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def user(account) -> User:
    return add_member(account=account, email="ada@acme.example", role="admin", password="correct horse")[
        0
    ].user


@pytest.fixture
def queue(monkeypatch) -> list[dict]:
    """What was put on the work queue."""
    sent = []
    monkeypatch.setattr(sender, "send_task", lambda name, kwargs, **_: sent.append({"name": name, **kwargs}))
    for module in ("accounts", "standby"):
        monkeypatch.setattr(f"{module}.mails.on_commit", lambda do, **_: do())
    return sent


def ask(email: str, client: Client | None = None, **extra: str):
    return (client or Client()).post(RESET, {"email": email}, **extra)


def carry_out(queue: list[dict]) -> None:
    """As the worker does."""
    while queue:
        message = queue.pop(0)
        import_string(message.pop("name"))(**message)


@pytest.fixture
def link(user, queue, mailoutbox) -> str:
    ask(user.email)
    carry_out(queue)
    return re.search(r"http://testserver(/\S+)", mailoutbox[0].body)[1]


def follow(link: str) -> tuple[Client, str]:
    """A browser at the page that the link leads to."""
    client = Client()
    answer = client.get(link)
    return client, answer.url if answer.status_code == 302 else link


class TestAsking:
    def test_the_mail_goes_to_the_person_and_says_who_asked(self, user, queue, mailoutbox):
        ask("ADA@acme.example", REMOTE_ADDR="192.0.2.9")
        carry_out(queue)

        [mail] = mailoutbox
        assert mail.to == ["ada@acme.example"]
        assert "from the address 192.0.2.9" in mail.body
        assert "It works once, for an hour" in mail.body

    def test_the_answer_is_the_same_for_everybody(self, user, queue, django_assert_num_queries):
        """It counts, and looks nobody up."""
        User.objects.create_user("off@acme.example", "correct horse", is_active=False)
        answers = []
        for email in ("ada@acme.example", "nobody@acme.example", "off@acme.example"):
            with django_assert_num_queries(2):
                answer = ask(email)
            answers.append(
                (answer.status_code, dict(answer.headers), re.sub(r"\b\w{64}\b", "", answer.content.decode()))
            )

        assert answers[0] == answers[1] == answers[2]
        assert [set(message) for message in queue] == [set(queue[0])] * 3

    def test_no_mail_is_sent_to_people_who_cannot_use_it(self, user, queue, mailoutbox):
        User.objects.create_user("off@acme.example", "correct horse", is_active=False)
        User.objects.create_user("sso@acme.example")
        for email in ("nobody@acme.example", "off@acme.example", "sso@acme.example"):
            ask(email)
        carry_out(queue)

        assert mailoutbox == []

    def test_three_an_hour_to_an_address_then_the_same_page_and_no_mail(self, user, queue):
        pages = {
            ask(email).status_code
            for email in ["ada@acme.example"] * 3 + ["Ada@ACME.example", "ada@acme。example"]
        }

        assert pages == {200}
        assert len(queue) == 3

    def test_twenty_an_hour_from_a_network(self, queue, db):
        for number in range(25):
            ask(f"somebody{number}@acme.example")

        assert len(queue) == 20

    def test_a_64_of_ipv6_is_one_network(self, queue, db):
        for number in range(25):
            ask(f"somebody{number}@acme.example", REMOTE_ADDR=f"2001:db8:0:7::{number:x}")

        assert len(queue) == 20

    def test_a_queue_that_is_down_changes_nothing_of_the_answer(self, user, monkeypatch):
        def fail(*_args: object, **_options: object) -> None:
            raise OperationalError

        monkeypatch.setattr(sender, "send_task", fail)

        assert ask(user.email).status_code == 200

    @pytest.mark.parametrize("host", ["127.0.0.1:6666", "evil.example", "metrics.example.com:8443"])
    def test_the_link_is_of_the_sites_own_address_whatever_the_request_says(
        self, user, queue, mailoutbox, settings, host
    ):
        settings.ALLOWED_HOSTS, settings.SITE_URL = ["*"], "https://metrics.example.com"
        ask(user.email, headers={"Host": host, "X-Forwarded-Host": host, "X-Forwarded-Proto": "https"})
        carry_out(queue)

        assert re.findall(r"\w+://[^/\s]+", mailoutbox[0].body) == ["https://metrics.example.com"]

    def test_an_invalid_address_is_named(self, db):
        assert "Enter an e-mail address in the form" in ask("nonsense").content.decode()


class TestTheLink:
    def test_it_sets_the_password_and_ends_sessions(self, user, sign_in, request):
        open_session = sign_in(user)
        client, page = follow(request.getfixturevalue("link"))
        assert client.post(page, NEW).url == "/accounts/login/"

        user.refresh_from_db()
        assert user.check_password(NEW["new_password1"])
        assert open_session.get("/accounts/password/").status_code == 302

    def test_it_verifies_the_address_and_removes_what_was_set_before(self, user, link):
        """Whoever made the sign-in may not be who reads the mailbox."""
        now = timezone.now()
        second_factor.begin_set_up(user=user)
        second_factor.confirm_set_up(user=user, code=make_code(user), now=now)
        Identity.objects.create(user=user, issuer="https://evil.example", subject="1")
        User.objects.update(address_verified_at=None)
        client, page = follow(link)
        client.post(page, NEW)

        user.refresh_from_db()
        assert user.address_verified_at >= now
        assert not SecondFactor.objects.exists()
        assert not RecoveryCode.objects.exists()
        assert not Identity.objects.exists()

    def test_it_leaves_the_second_factor_of_whose_address_is_known(self, user, link):
        second_factor.begin_set_up(user=user)
        second_factor.confirm_set_up(user=user, code=make_code(user), now=timezone.now())
        client, page = follow(link)
        client.post(page, NEW)

        assert SecondFactor.objects.exists()

    def test_it_does_not_sign_anybody_in(self, link):
        client, page = follow(link)
        client.post(page, NEW)

        assert "_auth_user_id" not in client.session

    def test_it_works_once(self, link):
        client, page = follow(link)
        client.post(page, NEW)

        assert "This link does not work" in Client().get(link).content.decode()

    def test_it_expires_after_an_hour(self, user, link, monkeypatch):
        token = link.split("/")[-2]

        def check_after(seconds: int) -> bool:
            generator = PasswordResetTokenGenerator()
            later = datetime.now() + timedelta(seconds=seconds)  # noqa: DTZ005 (as Django's generator)
            monkeypatch.setattr(generator, "_now", lambda: later)
            return generator.check_token(user, token)

        assert check_after(3_590)
        assert not check_after(3_602)

    def test_its_token_leaves_the_address_at_once(self, link):
        _, page = follow(link)

        assert link.split("/")[-2] not in page

    def test_it_is_of_no_use_for_a_person_who_was_deactivated(self, user, link):
        User.objects.update(is_active=False)

        assert "This link does not work" in Client().get(link).content.decode()

    def test_a_weak_password_is_refused(self, link):
        client, page = follow(link)
        answer = client.post(page, {"new_password1": "short", "new_password2": "short"})

        assert "This password is too short" in answer.content.decode()

    def test_it_ends_a_lock(self, user, link):
        for _ in range(5):
            Client().post("/accounts/login/", {"username": user.email, "password": "wrong"})
        client, page = follow(link)
        client.post(page, NEW)
        fields = {"username": user.email, "password": NEW["new_password1"]}

        assert client.post("/accounts/login/", fields).status_code == 302


def test_a_throttle_counts_each_hour_anew(db):
    assert [allow("x", "ada", times=2, seconds=3600, now=UNUSED) for _ in range(3)] == [True, True, False]
    assert allow("x", "bob", times=2, seconds=3600, now=UNUSED)
    assert allow("x", "ada", times=2, seconds=3600, now=UNUSED + timedelta(hours=1))
