from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Account, Membership, User
from accounts.services import add_member, change_role, create_account, remove_member

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def test_an_account_gets_its_slug_from_its_name_and_the_beta_unless_told_otherwise():
    account = create_account(name="  Über Corp ")

    assert (account.name, account.slug, account.s3_csv_telemetry) == ("Über Corp", "uber-corp", True)
    assert create_account(name="Other", slug="o", s3_csv_telemetry=False).s3_csv_telemetry is False


@pytest.mark.parametrize(
    ("name", "slug", "field", "text"),
    [
        ("Acme", None, "slug", 'The slug "acme" is taken. Give another one with --slug.'),
        ("日本", None, "slug", 'No slug can be made from the name "日本". Give one with --slug.'),
        ("Other", "two words", "slug", "Enter a valid “slug”"),
        (" ", None, "name", "An account needs a name."),
        ("x" * 201, None, "name", "at most 200 characters"),
    ],
)
def test_what_is_wrong_with_an_account_is_named_with_the_remedy(account, name, slug, field, text):
    with pytest.raises(ValidationError) as caught:
        create_account(name=name, slug=slug)

    assert text in caught.value.message_dict[field][0]
    assert Account.objects.count() == 1


def test_a_new_person_gets_a_sign_in_and_a_membership(account):
    membership, created = add_member(
        account=account, email="New@Acme.example", role="manager", name="Noa", password=PASSWORD
    )

    assert created
    assert (membership.role, membership.name, membership.user.email) == ("manager", "Noa", "new@acme.example")
    assert membership.user.check_password(PASSWORD)


def test_a_person_of_another_account_keeps_name_and_password(account, other_account):
    add_member(account=other_account, email="ada@x.example", role="admin", name="Ada", password=PASSWORD)
    membership, created = add_member(
        account=account, email="ADA@X.example", role="viewer", name="Mallory", password="taken over now"
    )

    assert not created
    assert membership.user.name == "Ada"
    assert membership.user.check_password(PASSWORD)
    assert User.objects.count() == 1


def test_adding_a_member_again_changes_the_role(account, join):
    join(account, "admin")
    member = join(account, "viewer", email="m@acme.example")
    membership, created = add_member(account=account, email="M@acme.example", role="manager")

    assert (membership.pk, membership.role, created) == (member.pk, "manager", False)


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"email": "not mail"}, "email", '"not mail" is not an e-mail address'),
        ({"role": "boss"}, "role", 'Unknown role "boss". Choose viewer, manager, admin.'),
        ({"password": "short"}, "password", "too short"),
        ({"password": "new@acme.example"}, "password", "too similar"),
    ],
)
def test_what_is_wrong_with_a_member_is_named_and_nothing_is_kept(account, changes, field, text):
    good = {"email": "new@acme.example", "role": "viewer", "password": PASSWORD}
    with pytest.raises(ValidationError) as caught:
        add_member(account=account, **good | changes)

    assert text in caught.value.message_dict[field][0]
    assert not User.objects.exists()


class TestTheLastAdmin:
    LAST = "admin@acme.example is the only admin of Acme. Make another member an admin first."

    def refused(self, action) -> None:
        with pytest.raises(ValidationError) as caught:
            action()
        assert caught.value.messages == [self.LAST]

    def test_stays_admin_by_every_way_in(self, account, other_account, join):
        last = join(account, "admin")
        join(account, "manager")
        join(other_account, "admin")
        gone = join(account, "admin", email="gone@acme.example")
        User.objects.filter(pk=gone.user_id).update(is_active=False)

        self.refused(lambda: change_role(membership=last, role="viewer"))
        self.refused(lambda: remove_member(membership=last))
        self.refused(lambda: add_member(account=account, email=last.user.email, role="viewer"))
        assert Membership.objects.get(pk=last.pk).role == "admin"

    def test_may_be_named_admin_once_more(self, account, join):
        change_role(membership=join(account, "admin"), role="admin")

    def test_may_go_when_there_is_another(self, account, join):
        first = join(account, "admin")
        join(account, "admin", email="second@acme.example")
        remove_member(membership=first)

        assert not Membership.objects.filter(pk=first.pk).exists()
        assert User.objects.filter(pk=first.user_id).exists()


class TestTheDatabaseItself:
    def test_takes_an_address_once_whatever_its_case(self):
        User.objects.create(email="ada@acme.example")
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(email="ADA@acme.example")

    def test_takes_a_person_once_an_account(self, account, join):
        member = join(account, "viewer")
        with pytest.raises(IntegrityError), transaction.atomic():
            Membership.objects.create(account=account, user=member.user, role="admin")

    def test_takes_known_roles_only(self, account):
        user = User.objects.create(email="ada@acme.example")
        with pytest.raises(IntegrityError), transaction.atomic():
            Membership.objects.create(account=account, user=user, role="boss")
