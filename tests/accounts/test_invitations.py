"""An account asks, the person answers: nobody gets into the sign-in of somebody else by being first."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import answers, invitations, second_factor
from accounts.models import Identity, Invitation, Membership, RecoveryCode, SecondFactor, User
from accounts.services import add_member, change_role, deactivate, remove_member
from commandline.retention import prune
from tests.accounts.codes import make_code

pytestmark = pytest.mark.usefixtures("postman")
CFO = "cfo@zeta.example"
ADD, LINK, MINE = "/settings/members/add/", "/accounts/invitation/", "/accounts/invitations/"
THEIRS, NEW = "chosen by acme's admin", "another long phrase"
CLOSED = "This invitation is closed"


@pytest.fixture(autouse=True)
def quickly(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


@pytest.fixture
def without_mail(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"


@pytest.fixture
def admin(other_account, join) -> User:
    """Of Zeta, which asks its own CFO."""
    return join(other_account, "admin").user


@pytest.fixture
def invite(admin, other_account, sign_in, mailoutbox):
    """invite(): the link as whoever was given it opens it; by mail, or shown to Zeta's admin."""

    def send(email: str = CFO, role: str = "admin") -> str:
        page = sign_in(admin).post(ADD, {"email": email, "role": role, "name": "Cy"})
        return find_link(page.content.decode() if page.status_code == 200 else mailoutbox[-1].body)

    return send


def find_link(text: str) -> str:
    return re.search(rf"http://testserver({LINK}[\w-]{{43}}/)", text)[1]


def follow(link: str, client: Client | None = None) -> tuple[Client, str]:
    """A browser at the page that the link leads to, and what it shows."""
    client = client or Client()
    return client, client.get(link, follow=True).content.decode()


def answer(client: Client, page: str, text: str, password: str = NEW, **more: str):
    fields = {"answer": text, "new_password1": password, "new_password2": password}
    found = re.search(r'name="of" value="([\w-]+)"', page)
    return client.post(LINK, fields | {"of": found[1] if found else ""} | more)


def can_sign_in(password: str, email: str = CFO) -> bool:
    return "_auth_user_id" in open_session(password, email).session


def open_session(password: str, email: str = CFO) -> Client:
    client = Client()
    client.post("/accounts/login/", {"username": email, "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get("/accounts/password/").status_code == 200


def is_member(account) -> bool:
    return Membership.objects.filter(account=account, user__email=CFO).exists()


@pytest.fixture
def squatted(account, join) -> User:
    """Acme's admin was first: the CFO's address has a sign-in with a password that Acme's admin knows."""
    user = join(account, "admin", email=CFO).user
    user.set_password(THEIRS)
    user.save()
    return user


class TestTakingOverAPersonBeforeTheyExist:
    def test_there_is_nobody_to_take_over(self, invite, account, other_account, join, sign_in):
        acme = sign_in(join(account, "admin").user)
        page = acme.post(ADD, {"email": CFO, "role": "viewer"}, follow=True).content.decode()
        assert not User.objects.filter(email=CFO).exists()
        assert not re.search(r'id="copy-|accounts/invitation/', page)

        client, page = follow(invite())
        assert answer(client, page, "password").url == "/"
        assert (is_member(other_account), is_member(account)) == (True, False)
        assert User.objects.get(email=CFO).address_verified_at

    def test_what_was_set_by_who_came_first_ends_with_the_mailed_link(self, squatted, invite, other_account):
        second_factor.begin_set_up(user=squatted)
        codes = second_factor.confirm_set_up(user=squatted, code=make_code(squatted), now=timezone.now())
        Identity.objects.create(user=squatted, issuer="https://evil.example", subject="1")
        thief, waiting = open_session(THEIRS), open_session(THEIRS)
        thief.post("/accounts/login/code/", {"code": codes[0]})
        assert is_in(thief)
        client, page = follow(invite())
        answer(client, page, "password")

        squatted.refresh_from_db()
        assert is_in(client)
        assert not is_in(thief)
        assert waiting.post("/accounts/login/code/", {"code": codes[1]}).url == "/accounts/login/"
        assert (can_sign_in(THEIRS), can_sign_in(NEW)) == (False, True)
        kept = [
            model.objects.filter(user=squatted).count() for model in (SecondFactor, RecoveryCode, Identity)
        ]
        assert kept == [0, 0, 0]
        assert squatted.address_verified_at
        assert is_member(other_account)

    def test_who_came_first_neither_sees_nor_answers_what_another_account_asks(
        self, squatted, invite, other_account
    ):
        thief = open_session(THEIRS)
        invite()
        page = thief.get(MINE).content.decode()
        asked = Invitation.objects.get()

        assert "Zeta" not in page
        assert "The address cfo@zeta.example is not verified yet" in page
        assert "You are invited" not in open_session(THEIRS).get(MINE).content.decode()
        assert thief.post(f"{MINE}{asked.public_id}/", {"answer": "accept"}).status_code == 404
        with pytest.raises(answers.SignInFirst):
            answers.accept(invitation=asked, user=squatted, now=timezone.now())
        assert not is_member(other_account)

    def test_a_password_alone_is_not_enough_with_the_mailed_link(self, squatted, invite, other_account):
        """Whoever reads the mailbox and knows the password too sets a new one: somebody else may know it."""
        client, page = follow(invite(), open_session(THEIRS))
        answer(client, page, "accept")
        assert not is_member(other_account)

        answer(client, page, "password")
        assert is_in(client)
        assert (is_member(other_account), can_sign_in(THEIRS)) == (True, False)

    def test_they_are_told_of_it(self, squatted, invite, mailoutbox):
        client, page = follow(invite())
        answer(client, page, "password")

        assert [mail.subject for mail in mailoutbox][-1] == "Your password for Denominator was changed"


@pytest.mark.usefixtures("without_mail")
class TestWhereNoMailIsSetUp:
    def test_the_admin_is_shown_a_link_once_and_no_password(self, admin, sign_in):
        client = sign_in(admin)
        answer = client.post(ADD, {"email": CFO, "role": "viewer"})
        link = find_link(answer.content.decode())

        assert "no-store" in answer.headers["Cache-Control"]
        assert link not in client.get("/settings/members/").content.decode()
        assert link not in str(dict(client.session))
        assert link.split("/")[-2] not in str(Invitation.objects.values())

    def test_it_sets_the_password_of_somebody_new_without_verifying_the_address(self, invite, other_account):
        client, page = follow(invite())
        answer(client, page, "password")

        assert is_in(client)
        assert is_member(other_account)
        assert User.objects.get(email=CFO).address_verified_at is None

    def test_it_sets_the_password_of_an_unclaimed_person(self, squatted, invite, other_account):
        Membership.objects.filter(user=squatted).delete()
        thief = open_session(THEIRS)
        client, page = follow(invite())
        answer(client, page, "password")

        assert is_member(other_account)
        assert (is_in(thief), can_sign_in(THEIRS)) == (False, False)

    @pytest.mark.parametrize(
        "why", ["member elsewhere", "address shown", "operator", "identity", "deactivated"]
    )
    def test_it_sets_the_password_of_nobody_else(self, squatted, invite, other_account, why):
        if why != "member elsewhere":
            Membership.objects.filter(user=squatted).delete()
        if why == "identity":
            Identity.objects.create(user=squatted, issuer="https://x", subject="1")
        changes = {
            "address shown": {"address_verified_at": timezone.now()},
            "operator": {"is_staff": True},
            "deactivated": {"is_active": False},
        }
        User.objects.filter(pk=squatted.pk).update(**changes.get(why, {"name": "same"}))
        before = User.objects.values().get(pk=squatted.pk)
        client, page = follow(invite())
        said = answer(client, page, "password", of=str(Invitation.objects.get().public_id)).content.decode()

        assert User.objects.values().get(pk=squatted.pk) == before
        assert not is_member(other_account)
        assert (CLOSED if why == "deactivated" else "has a sign-in already. Sign in with it") in said

    def test_a_person_with_a_sign_in_accepts_with_it_and_the_link_and_a_new_password(
        self, squatted, invite, other_account
    ):
        thief, link = open_session(THEIRS), invite()
        client, page = follow(link, open_session(THEIRS))
        answer(client, page, "accept")
        assert not is_member(other_account)
        answer(client, page, "password")

        assert is_member(other_account)
        assert (is_in(client), is_in(thief), can_sign_in(THEIRS)) == (True, False, False)

    def test_the_pages_tell_nobody_whether_the_address_is_known(self, squatted, admin, sign_in):
        pages = []
        for email in (CFO, "new@zeta.example"):
            shown = sign_in(admin).post(ADD, {"email": email, "role": "viewer", "name": ""}).content.decode()
            for page in (shown, follow(find_link(shown))[1]):
                page = re.sub(r"<time.*?</time>|[\w-]{64}|[\w-]{43}|[0-9a-f-]{36}", "", page)
                pages.append(page.replace(email, "EMAIL"))

        assert pages[:2] == pages[2:]

    def test_a_signed_in_person_with_a_verified_address_just_answers(self, account, other_account, invite):
        add_member(account=account, email=CFO, role="viewer", password=THEIRS)
        client = open_session(THEIRS)
        _, page = follow(invite(), client)
        answer(client, page, "accept")

        assert is_member(other_account)
        assert can_sign_in(THEIRS)


class TestAPersonWhoExists:
    @pytest.fixture
    def person(self, account) -> User:
        return add_member(account=account, email=CFO, role="viewer", password=THEIRS)[0].user

    @pytest.fixture
    def asked(self, person, invite) -> Invitation:
        invite()
        return Invitation.objects.get()

    def test_is_invited_and_not_added(self, person, asked, other_account, sign_in):
        client = sign_in(person)
        page = client.get(MINE).content.decode()

        assert not is_member(other_account)
        for text in ("Zeta", "Admin", "admin@zeta"):
            assert text in page.replace("<wbr>", "")
        assert "You are invited to an account" in open_session(THEIRS).get(MINE).content.decode()

    def test_accepts_and_is_in_that_account(self, person, asked, other_account, sign_in):
        client = sign_in(person)
        assert client.post(f"{MINE}{asked.public_id}/", {"answer": "accept"}).url == "/"

        assert Membership.objects.get(account=other_account, user=person).role == "admin"
        assert client.get("/accounts/password/").context["account"] == other_account
        assert can_sign_in(THEIRS)

    def test_declines(self, person, asked, other_account, sign_in):
        client = sign_in(person)
        client.post(f"{MINE}{asked.public_id}/", {"answer": "decline"})

        asked.refresh_from_db()
        assert (asked.state, is_member(other_account)) == ("declined", False)
        assert client.post(f"{MINE}{asked.public_id}/", {"answer": "accept"}).status_code == 404

    def test_signs_in_first_when_they_follow_the_link(self, person, invite, other_account):
        client, page = follow(invite())
        assert "New password" not in page
        assert f'href="/accounts/login/?next={LINK}"' in page
        answer(client, page, "password", of=str(Invitation.objects.get().public_id))
        assert not can_sign_in(NEW)

        fields = {"username": CFO, "password": THEIRS, "next": LINK}
        page = client.post("/accounts/login/", fields, follow=True).content.decode()
        answer(client, page, "accept")
        assert is_member(other_account)

    def test_sets_a_password_by_the_mailed_link_where_they_cannot_sign_in(
        self, account, other_account, invite
    ):
        add_member(account=account, email=CFO, role="viewer")
        client, page = follow(invite())
        answer(client, page, "password")

        assert (can_sign_in(NEW), is_member(other_account)) == (True, True)

    @pytest.mark.parametrize("what", ["accept", "decline"])
    def test_nobody_else_answers(self, asked, account, other_account, join, sign_in, what):
        somebody = add_member(account=account, email="bob@acme.example", role="admin")[0].user
        answered = sign_in(somebody).post(f"{MINE}{asked.public_id}/", {"answer": what})

        asked.refresh_from_db()
        assert (answered.status_code, asked.state) == (404, "pending")

    def test_somebody_else_at_the_link_is_told_to_sign_out(self, person, invite, account, sign_in):
        somebody = add_member(account=account, email="bob@acme.example", role="admin")[0].user
        client, page = follow(invite(), sign_in(somebody))
        assert "You are signed in as bob@acme.example. Sign out" in page
        for text in ("accept", "decline", "password"):
            answer(client, page, text, of=str(Invitation.objects.get().public_id))

        assert Invitation.objects.get().state == "pending"

    def test_a_deactivated_one_cannot_sign_in(self, person, invite):
        deactivate(user=person)
        client, page = follow(invite())

        assert CLOSED in page
        answer(client, page, "password", of=str(Invitation.objects.get().public_id))
        assert not can_sign_in(NEW)


class TestTheLink:
    def closed(self, link: str) -> bool:
        client, page = follow(link)
        return CLOSED in page and answer(client, page, "password").status_code == 410

    def test_a_get_changes_nothing(self, invite):
        link = invite()
        before = list(Invitation.objects.values())
        for _ in range(3):
            follow(link)
            Client().head(link, follow=True)

        assert list(Invitation.objects.values()) == before
        assert not User.objects.filter(email=CFO).exists()

    def test_its_token_leaves_the_address_at_once(self, invite):
        link = invite()
        answer = Client().get(link)

        assert answer.url == LINK

    def test_works_once(self, invite, other_account):
        link = invite()
        client, page = follow(link)
        answer(client, page, "password")
        Membership.objects.filter(user__email=CFO).delete()

        assert self.closed(link)
        assert not is_member(other_account)

    def test_expires_after_the_setting(self, invite, settings):
        settings.INVITATION_DAYS = 3
        link = invite()
        token, now = link.split("/")[-2], timezone.now()

        assert invitations.find_by_token(token, now=now + timedelta(days=3, minutes=-1))
        assert not invitations.find_by_token(token, now=now + timedelta(days=3, minutes=1))
        Invitation.objects.update(expires_at=now - timedelta(seconds=1))
        assert self.closed(link)

    def test_ends_when_it_is_withdrawn(self, invite, admin, sign_in):
        link = invite()
        path = f"/settings/members/invitations/{Invitation.objects.get().public_id}/withdraw/"
        assert "Withdraw" in sign_in(admin).get(path).content.decode()
        sign_in(admin).post(path)

        assert self.closed(link)

    @pytest.mark.parametrize("how", ["again", "anew"])
    def test_ends_when_another_is_sent(self, invite, admin, sign_in, mailoutbox, how):
        first = invite()
        if how == "again":
            path = f"/settings/members/invitations/{Invitation.objects.get().public_id}/send/"
            sign_in(admin).post(path)
            second = find_link(mailoutbox[-1].body)
        else:
            second = invite(role="viewer")

        assert self.closed(first)
        assert "New password" in follow(second)[1]
        assert Invitation.objects.filter(state="pending").count() == 1

    @pytest.mark.parametrize(
        "how", ["removed", "no admin any more", "deactivated", "removed in the database"]
    )
    def test_ends_with_the_rights_of_who_has_invited(self, invite, admin, other_account, join, how):
        """Else whoever leaves an account comes back by an invitation to another address of theirs."""
        link = invite()
        join(other_account, "admin", email="second@zeta.example")
        membership = Membership.objects.get(user=admin)
        {
            "removed": lambda: remove_member(membership=membership),
            "no admin any more": lambda: change_role(membership=membership, role="viewer"),
            "deactivated": lambda: deactivate(user=admin),
            "removed in the database": membership.delete,
        }[how]()

        assert self.closed(link)

    @pytest.mark.parametrize("token", ["x" * 43, "x", "%01", "é"])
    def test_of_nothing_is_closed(self, db, token):
        assert CLOSED in follow(f"{LINK}{token}/")[1]
        assert not Session.objects.exists()

    def test_a_weak_password_is_refused_with_nothing_done(self, invite, other_account):
        client, page = follow(invite())
        said = answer(client, page, "password", password="short").content.decode()

        assert "This password is too short" in said
        assert not User.objects.filter(email=CFO).exists()

    def test_of_two_in_two_tabs_nobody_answers_another_than_they_see(
        self, invite, account, join, sign_in, mailoutbox
    ):
        client, of_zeta = follow(invite())
        sign_in(join(account, "admin").user).post(ADD, {"email": CFO, "role": "viewer"})
        follow(find_link(mailoutbox[-1].body), client)
        answer(client, of_zeta, "password")

        assert not User.objects.filter(email=CFO).exists()
        assert set(Invitation.objects.values_list("state", flat=True)) == {"pending"}

    def test_of_two_answers_at_once_one_counts(self, invite, account, other_account):
        person = add_member(account=account, email=CFO, role="viewer")[0].user
        invite()
        here, there = Invitation.objects.get(), Invitation.objects.get()
        answers.decline(invitation=here, user=person, now=timezone.now())
        with pytest.raises(answers.InvitationClosed):
            answers.accept(invitation=there, user=person, now=timezone.now())

        assert not is_member(other_account)

    def test_whoever_has_it_may_decline(self, invite):
        client, page = follow(invite())
        answer(client, page, "decline")

        assert Invitation.objects.get().state == "declined"


class TestTheAdminsPages:
    def test_the_mail_says_who_asks_and_leads_to_the_site_alone(self, invite, mailoutbox, settings):
        settings.SITE_URL = "https://metrics.example.com"
        with pytest.raises(TypeError):
            invite()  # which looks for the tests' own address
        [mail] = mailoutbox

        assert (mail.to, mail.subject) == ([CFO], "Zeta invites you to Denominator")
        assert "admin@zeta.example invites you to Zeta" in mail.body
        assert re.findall(r"\w+://[^/\s]+", mail.body) == ["https://metrics.example.com"]

    def test_they_tell_nobody_whether_the_address_is_known(self, squatted, admin, sign_in, mailoutbox):
        client, texts = sign_in(admin), []
        for email in (CFO, "new@zeta.example"):
            page = client.post(ADD, {"email": email, "role": "viewer"}, follow=True).content.decode()
            page = page.split("Invitations</caption>", 1)[0].split("<main", 1)[1]
            mail = mailoutbox[-1]
            both = f"{page} {mail.subject} {mail.body}".replace(email, "EMAIL")
            texts.append(re.sub(r"[\w-]{64}|[\w-]{43}", "", both))

        assert texts[0] == texts[1]

    def test_nor_does_the_time_it_takes(self, squatted, admin, sign_in):
        client, counts = sign_in(admin), set()
        for email in (CFO, "new@zeta.example"):
            with CaptureQueriesContext(connection) as queries:
                client.post(ADD, {"email": email, "role": "viewer"})
            counts.add(len(queries))

        assert len(counts) == 1

    def test_old_ones_are_forgotten(self, invite):
        invite()
        prune(now=timezone.now())
        assert Invitation.objects.exists()

        Invitation.objects.update(expires_at=timezone.now() - invitations.RETENTION - timedelta(hours=1))
        prune(now=timezone.now())
        assert not Invitation.objects.exists()

    def test_the_list_shows_what_waits(self, invite, admin, sign_in):
        invite()
        page = sign_in(admin).get("/settings/members/").content.decode()

        assert CFO in page
        assert "Send again" in page
        Invitation.objects.update(expires_at=timezone.now())
        assert "Expired" in sign_in(admin).get("/settings/members/").content.decode()

    def test_another_accounts_invitation_is_as_one_that_does_not_exist(self, invite, account, join, sign_in):
        invite()
        client = sign_in(join(account, "admin").user)
        path = f"/settings/members/invitations/{Invitation.objects.get().public_id}/"

        assert [client.post(f"{path}{name}/").status_code for name in ("send", "withdraw")] == [404, 404]
        assert Invitation.objects.get().state == "pending"

    def test_five_an_hour_to_an_address(self, invite, admin, sign_in, mailoutbox):
        invite()
        path = f"/settings/members/invitations/{Invitation.objects.get().public_id}/send/"
        for _ in range(6):
            sign_in(admin).post(path)

        assert len(mailoutbox) == 5
        page = sign_in(admin).post(ADD, {"email": CFO, "role": "viewer"}).content.decode()
        assert "Too many invitations were sent. Wait an hour" in page


@pytest.mark.django_db(transaction=True)
def test_an_inviter_who_goes_and_the_answer_at_the_same_moment(account, join, monkeypatch):
    """Either is first, neither waits for the other for ever, and a membership has an accepted invitation."""
    join(account, "admin", email="stays@acme.example")
    person = User.objects.create_user(CFO, address_verified_at=timezone.now())
    outcomes = []
    for number in range(4):
        inviter = join(account, "admin", email=f"goes{number}@acme.example")
        asked = invitations.invite(
            account=account, email=CFO, role="viewer", invited_by=inviter.user, now=timezone.now()
        ).invitation
        ready = Barrier(2)

        def run(act, ready=ready):
            ready.wait()
            try:
                return act()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            leaving = pool.submit(run, lambda inviter=inviter: remove_member(membership=inviter))
            answering = pool.submit(
                run, lambda asked=asked: answers.accept(invitation=asked, user=person, now=timezone.now())
            )
        leaving.result()
        outcomes.append(isinstance(answering.exception(), answers.InvitationClosed))
        asked.refresh_from_db()
        assert asked.state == ("withdrawn" if outcomes[-1] else "accepted")
        assert outcomes[-1] or answering.result()
        assert is_member(account) is not outcomes[-1]
        Membership.objects.filter(user=person).delete()
