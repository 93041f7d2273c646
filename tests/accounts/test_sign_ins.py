"""A person's sessions, seen and ended by themselves; and the mails that tell them of their sign-in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts import second_factor
from accounts.browsers import describe_browser
from accounts.models import SignIn, User
from accounts.services import add_member
from accounts.sign_ins import REMEMBERED, find_network
from audit.models import Entry
from commandline.retention import prune
from config.celery import sender
from standby.models import QueuedMail
from standby.queue import send
from tests.accounts.codes import make_code

LOGIN, SESSIONS = "/accounts/login/", "/accounts/sessions/"
PASSWORD, NEW = "correct horse battery", "another long phrase"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"


@pytest.fixture(autouse=True)
def quickly(settings, postman):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def user(account) -> User:
    return add_member(account=account, email="ada@acme.example", role="admin", password=PASSWORD)[0].user


def enter(user: User, *, address: str = "192.0.2.1", agent: str = FIREFOX) -> Client:
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=agent)
    client.post(LOGIN, {"username": user.email, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/accounts/password/").status_code == 200


def list_shown(client: Client) -> list[tuple[str, str]]:
    found = client.get(SESSIONS).context["sessions"]
    return [(session.sign_in.browser, session.sign_in.address) for session in found]


class TestSessions:
    def test_the_page_lists_them_this_one_first(self, user):
        enter(user, address="198.51.100.7", agent=CHROME)
        here = enter(user)
        enter(user, address="203.0.113.1")
        page = here.get(SESSIONS).content.decode()

        assert list_shown(here)[0] == ("Firefox on Linux", "192.0.2.1")
        assert set(list_shown(here)) == {
            ("Firefox on Linux", "192.0.2.1"),
            ("Chrome on Windows", "198.51.100.7"),
            ("Firefox on Linux", "203.0.113.1"),
        }
        assert page.count("(this one)") == 1

    def test_one_can_be_ended(self, user):
        here, there, third = enter(user), enter(user, agent=CHROME), enter(user)
        found = SignIn.objects.get(browser="Chrome on Windows")
        page = here.post(f"{SESSIONS}{found.public_id}/", follow=True).content.decode()

        assert "The session was ended." in page
        assert [is_in(client) for client in (here, there, third)] == [True, False, True]

    def test_all_others_can_be_ended_at_once(self, user):
        here, there = enter(user), enter(user)
        SignIn.objects.all().delete()  # also of those of which there is no note
        here.post(f"{SESSIONS}others/")

        assert [is_in(client) for client in (here, there)] == [True, False]

    def test_the_one_at_hand_is_ended_by_signing_out(self, user):
        here = enter(user)
        page = here.post(f"{SESSIONS}{SignIn.objects.get().public_id}/", follow=True).content.decode()

        assert "Sign out to end it" in page
        assert is_in(here)

    def test_nobody_elses(self, user, account):
        other = add_member(account=account, email="bob@acme.example", role="admin", password=PASSWORD)[0].user
        theirs = enter(other)
        here = enter(user)
        found = SignIn.objects.get(user=other)

        assert here.post(f"{SESSIONS}{found.public_id}/").status_code == 404
        assert is_in(theirs)
        assert len(list_shown(here)) == 1

    def test_the_list_holds_what_is_open_alone(self, user, settings):
        here = enter(user)
        enter(user, address="203.0.113.1").post("/accounts/logout/")
        old = enter(user, address="203.0.113.2")
        session = old.session
        session["seen_at"] -= settings.SESSION_IDLE_SECONDS + 1
        session.save()

        assert list_shown(here) == [("Firefox on Linux", "192.0.2.1")]

    def test_it_follows_a_session_over_a_new_password(self, user):
        here, there = enter(user), enter(user, agent=CHROME)
        key = here.session.session_key
        fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
        here.post("/accounts/password/", fields)

        assert here.session.session_key != key
        assert list_shown(here) == [("Firefox on Linux", "192.0.2.1")]
        assert not is_in(there)

    def test_a_session_from_before_there_were_notes_gets_one(self, user):
        here = enter(user)
        SignIn.objects.all().delete()
        session = here.session
        session["seen_at"] -= 100
        session.save()
        is_in(here)

        assert list_shown(here) == [("Firefox on Linux", "192.0.2.1")]

    def test_it_says_when_it_was_last_used_and_writes_that_seldom(self, user, django_assert_num_queries):
        here = enter(user)
        began = SignIn.objects.get().last_seen_at
        is_in(here)
        assert SignIn.objects.get().last_seen_at == began

        session = here.session
        session["seen_at"] -= 100
        session.save()
        is_in(here)
        assert SignIn.objects.get().last_seen_at > began

    def test_what_happened_is_the_persons_own_to_read(self, user, account):
        for _ in range(5):
            Client(REMOTE_ADDR="203.0.113.9").post(LOGIN, {"username": user.email, "password": "wrong"})
        here = enter(user)
        events = [entry.action for entry in here.get(SESSIONS).context["events"]]
        log = here.get("/settings/audit/").content.decode()

        assert events == ["person.signed_in_by_password", "person.locked_out"]
        assert "signed in" not in log
        assert "locked out" not in log

    def test_old_notes_are_forgotten(self, user):
        enter(user), enter(user)
        SignIn.objects.filter(pk=SignIn.objects.first().pk).update(
            last_seen_at=timezone.now() - REMEMBERED - timedelta(hours=1)
        )
        prune(now=timezone.now())

        assert SignIn.objects.count() == 1

    def test_a_row_of_a_session_is_deleted_when_it_is_ended(self, user):
        here, there = enter(user), enter(user, agent=CHROME)
        here.post(f"{SESSIONS}{SignIn.objects.get(browser='Chrome on Windows').public_id}/")

        assert not Session.objects.filter(pk=there.session.session_key).exists()


def test_an_account_reads_nothing_of_a_persons_sign_in_wherever_that_is(user, other_account, join, sign_in):
    join(other_account, "viewer", email=user.email)
    client = enter(user)
    Client().post(LOGIN, {"username": user.email, "password": "wrong"})
    Entry.objects.create(  # as early versions wrote them
        account_id=other_account.pk,
        at=timezone.now(),
        action="person.signed_in_by_password",
        object_type="person",
        object_name=user.email,
        via="page",
    )
    client.post("/accounts/switch/", {"account": "zeta"})
    theirs = sign_in(join(other_account, "admin").user)
    page = theirs.get("/settings/audit/").content.decode()
    table = b"".join(theirs.get("/settings/audit/csv/").streaming_content).decode()

    for text in (page, table):
        assert user.email not in text
        assert "192.0.2.1" not in text
    assert "person." not in str(theirs.get("/settings/audit/").context["form"].fields["action"].choices)


class TestMails:
    def subjects(self, mailoutbox) -> list[str]:
        assert {tuple(mail.to) for mail in mailoutbox} <= {("ada@acme.example",)}
        return [mail.subject for mail in mailoutbox]

    @pytest.mark.parametrize(
        ("elsewhere", "told"),
        [
            ({}, False),
            ({"address": "192.0.2.200"}, False),
            ({"agent": FIREFOX.replace("128", "129")}, False),
            ({"address": "203.0.113.1"}, True),
            ({"agent": CHROME}, True),
        ],
        ids=["as before", "another address of the network", "after an update", "network", "browser"],
    )
    def test_a_sign_in_from_elsewhere(self, user, mailoutbox, elsewhere, told):
        enter(user)
        assert mailoutbox == []  # the first of all is no news
        enter(user, **elsewhere)
        enter(user, **elsewhere)

        assert self.subjects(mailoutbox) == ["New sign-in to Denominator"] * told

    def test_it_says_when_from_where_with_what_and_what_to_do(self, user, mailoutbox, settings):
        settings.SITE_URL = "https://metrics.example.com"
        enter(user)
        enter(user, address="203.0.113.1", agent=CHROME)
        [mail] = mailoutbox

        for text in (
            "From the address: 203.0.113.1",
            "With: Chrome on Windows",
            "https://metrics.example.com/accounts/password/reset/",
            "https://metrics.example.com/accounts/sessions/",
        ):
            assert text in mail.body

    def test_a_new_password(self, user, mailoutbox):
        fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
        enter(user).post("/accounts/password/", fields)

        assert self.subjects(mailoutbox) == ["Your password for Denominator was changed"]

    def test_a_second_factor_from_set_up_to_its_end(self, user, mailoutbox):
        client = enter(user)
        client.post("/accounts/second-factor/", {"password": PASSWORD})
        answer = client.post("/accounts/second-factor/set-up/", {"code": make_code(user, steps=-1)})
        codes = answer.context["codes"].split("\n")
        client.post("/accounts/second-factor/codes/", {"code": codes[0]})
        client.post("/accounts/second-factor/off/", {"code": make_code(user)})

        assert self.subjects(mailoutbox) == [
            "A second factor was set up for your Denominator sign-in",
            "A recovery code of your Denominator sign-in was used",
            "New recovery codes were made for your Denominator sign-in",
            "The second factor of your Denominator sign-in was removed",
        ]

    @pytest.mark.parametrize("how", ["command", "django admin"])
    def test_what_an_operator_did(self, user, mailoutbox, sign_in, how, capsys):
        if how == "command":
            second_factor.begin_set_up(user=user)
            second_factor.confirm_set_up(user=user, code=make_code(user), now=timezone.now())
            mailoutbox.clear()
            call_command("remove_second_factor", user.email)
        else:
            operator = sign_in(User.objects.create_superuser("ops@denominator.example"))
            fields = {"usable_password": "true", "password1": NEW, "password2": NEW}
            operator.post(f"/admin/accounts/user/{user.pk}/password/", fields)
        [mail] = mailoutbox

        assert mail.to == [user.email]
        assert "By: an operator of Denominator" in mail.body

    def test_a_queue_that_is_down_undoes_nothing(self, user, monkeypatch):
        def fail(*_args: object, **_options: object) -> None:
            raise OperationalError

        monkeypatch.setattr(sender, "send_task", fail)
        monkeypatch.setattr("standby.queue.send", send)
        enter(user)

        assert is_in(enter(user, agent=CHROME))
        assert QueuedMail.objects.get().recipient == user.email


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (CHROME, "Chrome on Windows"),
        (f"{CHROME} Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) CriOS/126 Safari/604.1", "Chrome on iPhone"),
        ("curl/8.5.0", "curl"),
        ("", ""),
        ("x" * 300, "x" * 60),
    ],
)
def test_a_browser_is_described_in_few_words(agent, name):
    assert describe_browser(agent) == name


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), (None, "")],
)
def test_the_network_of_an_address(address, network):
    assert find_network(address) == network
