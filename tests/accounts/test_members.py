"""Settings > Members, for admins of the account alone."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Invitation, Membership, SecondFactor, User

MEMBERS = "/settings/members/"
ADD = "/settings/members/add/"


@pytest.fixture
def admin(account, join, sign_in):
    return sign_in(join(account, "admin").user)


def new_person(**changes: str) -> dict[str, str]:
    return {"email": "new@acme.example", "name": "Noa", "role": "viewer"} | changes


@pytest.mark.parametrize("role", ["viewer", "manager"])
@pytest.mark.parametrize("suffix", ["", "add/", "{id}/", "{id}/remove/"])
def test_others_than_admins_may_not_open_it(role, suffix, account, join, sign_in):
    member = join(account, "admin")
    client = sign_in(join(account, role).user)

    assert client.get(MEMBERS + suffix.format(id=member.public_id)).status_code == 403


def test_it_lists_the_members_of_the_account_and_nobody_else(admin, account, other_account, join):
    join(account, "manager")
    join(other_account, "viewer")
    page = admin.get(MEMBERS).content.decode()

    assert "manager@acme.example" in page
    assert "viewer@zeta.example" not in page


def test_the_list_asks_the_database_as_often_for_many_as_for_few(admin, account, join):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            admin.get(MEMBERS)
        return len(queries)

    few = count()
    for number in range(20):
        join(account, "viewer", email=f"v{number}@acme.example")

    assert count() == few


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"email": ""}, "email", "Enter the person&#x27;s e-mail address."),
        ({"email": "nonsense"}, "email", "Enter an e-mail address in the form name@example.com."),
        ({"email": "Admin@acme.example"}, "email", "admin@acme.example is already a member."),
        ({"role": ""}, "role_0", "Choose a role."),
        ({"role": "boss"}, "role_0", "Choose one of the roles."),
    ],
)
def test_what_is_wrong_is_named_above_and_at_the_field(admin, changes, field, text):
    page = admin.post(ADD, new_person(**changes)).content.decode()

    assert "<title>Error: Add Member – Denominator</title>" in page
    assert re.search(rf'<a href="#id_{field}">{re.escape(text)}', page)
    assert page.count(text) == 2
    assert Membership.objects.count() == 1


def test_a_role_can_be_changed(admin, account, join):
    member = join(account, "viewer")
    address = f"{MEMBERS}{member.public_id}/"
    assert re.search(r'value="viewer"[^>]*checked', admin.get(address).content.decode())

    assert admin.post(address, {"role": "manager"}).url == MEMBERS
    member.refresh_from_db()
    assert member.role == "manager"


def test_removing_asks_first_and_removes_on_post(admin, account, join):
    member = join(account, "viewer")
    address = f"{MEMBERS}{member.public_id}/remove/"

    assert "Remove Member" in admin.get(address).content.decode()
    assert Membership.objects.filter(pk=member.pk).exists()
    assert admin.post(address).url == MEMBERS
    assert not Membership.objects.filter(pk=member.pk).exists()


def test_the_last_admin_can_neither_step_down_nor_leave(admin, account):
    last = Membership.objects.get()
    refused = admin.post(f"{MEMBERS}{last.public_id}/", {"role": "viewer"}).content.decode()
    assert "is the only admin of Acme" in refused

    page = admin.post(f"{MEMBERS}{last.public_id}/remove/", follow=True).content.decode()
    assert "is the only admin of Acme" in page
    assert Membership.objects.get().role == "admin"


def test_an_admin_who_leaves_has_no_access(admin, account, join):
    join(account, "admin", email="second@acme.example")
    own = Membership.objects.get(user__email="admin@acme.example")

    assert admin.post(f"{MEMBERS}{own.public_id}/remove/").url == "/"


@pytest.mark.parametrize("suffix", ["", "remove/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_member_of_another_account_is_as_one_who_does_not_exist(suffix, method, admin, other_account, join):
    foreign = join(other_account, "admin")
    answers = [
        getattr(admin, method)(f"{MEMBERS}{public_id}/{suffix}", {"role": "viewer"})
        for public_id in (foreign.public_id, uuid4())
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    foreign.refresh_from_db()
    assert foreign.role == "admin"


class TestWhatTheListSays:
    def read_row(self, client: Client, email: str) -> str:
        page = client.get(MEMBERS).content.decode()
        [row] = [row for row in page.split("<tr>") if f'row-name">{email}' in row]
        return re.sub(r"<[^>]*>", " ", row)

    def test_when_a_member_signed_in_to_the_account_and_to_no_other(
        self, admin, account, other_account, join, sign_in
    ):
        member = join(account, "viewer", email="both@acme.example")
        join(other_account, "viewer", email="both@acme.example")
        assert "Never" in self.read_row(admin, "both@acme.example")
        client = sign_in(member.user)  # into Acme, the first
        assert "UTC" in self.read_row(admin, "both@acme.example").split("Off")[0]
        Membership.objects.update(last_sign_in_at=None)
        client.post("/accounts/switch/", {"account": "zeta"})
        assert "Never" in self.read_row(admin, "both@acme.example")
        client.post("/accounts/switch/", {"account": "acme"})
        assert "Never" not in self.read_row(admin, "both@acme.example")

    def test_whether_a_member_has_a_second_factor(self, admin, account, join):
        user = join(account, "viewer").user
        factor = SecondFactor.objects.create(user=user, secret="not yet confirmed")
        assert "Off" in self.read_row(admin, user.email)
        factor.confirmed_at = timezone.now()
        factor.save()
        assert "On" in self.read_row(admin, user.email)

    def test_how_an_invitation_stands(self, admin, account, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # links are handed over
        admin.post(ADD, new_person())
        [invitation] = Invitation.objects.all()
        assert "Link handed over, no answer yet" in self.read_row(admin, invitation.email)
        Invitation.objects.update(mailed=True)
        assert "Mailed, no answer yet" in self.read_row(admin, invitation.email)
        now = timezone.now()
        Invitation.objects.update(expires_at=now)
        assert "Expired" in self.read_row(admin, invitation.email)
        Invitation.objects.update(state="declined", answered_at=now)
        row = self.read_row(admin, invitation.email)
        assert "Declined" in row
        assert "Withdraw" not in row

    @pytest.mark.parametrize("then", ["asked again", "a member", "a month later"])
    def test_a_no_is_not_shown_for_ever(self, admin, account, join, then):
        admin.post(ADD, new_person())
        declined = Invitation.objects.get()
        at = timezone.now() - timedelta(days=31 if then == "a month later" else 1)
        Invitation.objects.update(state="declined", answered_at=at, created_at=at)
        if then == "asked again":
            admin.post(ADD, new_person())
        elif then == "a member":
            join(account, "viewer", email=declined.email)
        assert "Declined" not in admin.get(MEMBERS).content.decode()


def test_who_belongs_to_one_account_alone_keeps_their_last_sign_in(account, other_account, join):
    alone, both = join(account, "viewer"), join(account, "manager")
    join(other_account, "viewer", email=both.user.email)
    now = timezone.now()
    User.objects.update(last_login=now)
    Membership.objects.update(last_sign_in_at=None)
    carry_over = import_module("accounts.migrations.0006_last_sign_in_to_an_account").carry_over
    carry_over(apps, None)
    assert list(Membership.objects.exclude(last_sign_in_at=None)) == [alone]
    alone.refresh_from_db()
    assert alone.last_sign_in_at == now
