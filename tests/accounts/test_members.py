"""Settings > Members, for admins of the account alone."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership

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
        ({"email": "Admin@acme.example"}, "email", "admin@acme.example is a member already."),
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


def test_an_admin_who_leaves_lands_outside(admin, account, join):
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
