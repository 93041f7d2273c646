"""Django admin: for our operators, behind the product's own sign-in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Membership, User


@pytest.fixture
def operator(db, sign_in) -> Client:
    return sign_in(User.objects.create_superuser("ops@denominator.example"))


def test_signing_in_is_the_products_own_page(db):
    answer = Client().get("/admin/", follow=True)

    assert answer.templates[0].name == "accounts/sign_in.html"
    assert answer.request["PATH_INFO"] == "/accounts/login/"


def test_a_customer_finds_no_such_page(account, join, sign_in):
    assert sign_in(join(account, "admin").user).get("/admin/", follow=True).status_code == 404


@pytest.mark.parametrize("model", ["account", "user", "membership"])
@pytest.mark.parametrize("page", ["", "add/"])
def test_every_page_opens(operator, account, join, model, page):
    join(account, "viewer")

    assert operator.get(f"/admin/accounts/{model}/{page}").status_code == 200


def test_the_beta_is_switched_in_the_list_of_accounts(operator, account):
    fields = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": account.pk, "_save": "Save"}
    assert operator.post("/admin/accounts/account/", fields).status_code == 302

    assert Account.objects.get().s3_csv_telemetry is False


def test_a_person_is_added_with_a_hashed_password(operator):
    fields = {"email": "new@acme.example", "name": "Noa", "usable_password": "true"}
    fields |= {"password1": "correct horse battery", "password2": "correct horse battery"}
    assert operator.post("/admin/accounts/user/add/", fields).status_code == 302

    user = User.objects.get(email="new@acme.example")
    assert user.check_password("correct horse battery")
    assert user.password.startswith("argon2")
    page = operator.get(f"/admin/accounts/user/{user.pk}/change/").content.decode()
    assert user.password not in page


def test_the_products_own_permissions_are_what_can_be_granted(operator, account, join):
    member = join(account, "viewer")
    page = operator.get(f"/admin/accounts/membership/{member.pk}/change/")
    offered = page.context["adminform"].form.fields["permissions"].queryset

    assert set(offered.values_list("codename", flat=True)) == {
        "view_telemetry",
        "manage_telemetry",
        "view_s3endpoint",
        "manage_s3endpoint",
        "manage_members",
        "view_audit_log",
    }


def test_a_permission_granted_there_counts(operator, account, join):
    member = join(account, "viewer")
    address = f"/admin/accounts/membership/{member.pk}/change/"
    offered = operator.get(address).context["adminform"].form.fields["permissions"].queryset
    wanted = offered.get(codename="manage_telemetry").pk
    fields = {"account": account.pk, "user": member.user_id, "role": "viewer", "permissions": [wanted]}
    assert operator.post(address, fields).status_code == 302

    user = User.objects.get(pk=Membership.objects.get().user_id)
    assert user.has_perm("telemetry.manage_telemetry", account)


class TestAPersonWithAnUnverifiedAddress:
    @pytest.fixture
    def squatted(self, other_account, join) -> User:
        return join(other_account, "viewer", email="cfo@acme.example").user

    def test_is_not_added_to_another_account(self, operator, account, squatted):
        fields = {"account": account.pk, "user": squatted.pk, "role": "admin"}
        page = operator.post("/admin/accounts/membership/add/", fields).content.decode()
        rows = {"memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 0, "name": "Acme", "slug": "acme"}
        rows |= {f"memberships-0-{name}": value for name, value in fields.items()}
        below = operator.post(f"/admin/accounts/account/{account.pk}/change/", rows).content.decode()

        for text in (page, below):
            assert "has not verified their address. Invite them" in text
        assert not Membership.objects.filter(account=account).exists()

    def test_is_whoever_is_given_another_address(self, operator, account, squatted):
        User.objects.update(address_verified_at=timezone.now())
        fields = {"email": "other@acme.example", "name": "", "is_active": "on"}
        operator.post(f"/admin/accounts/user/{squatted.pk}/change/", fields)

        squatted.refresh_from_db()
        assert (squatted.email, squatted.address_verified_at) == ("other@acme.example", None)


def test_only_a_superuser_sets_anothers_password(db, sign_in):
    """Staff who may change people would become a superuser by the password of one."""
    staff = User.objects.create_user("staff@denominator.example", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    boss = User.objects.create_superuser("boss@denominator.example", "correct horse")
    fields = {"usable_password": "true", "password1": "taken over now", "password2": "taken over now"}

    assert sign_in(staff).get(f"/admin/accounts/user/{boss.pk}/change/").status_code == 200
    assert sign_in(staff).post(f"/admin/accounts/user/{boss.pk}/password/", fields).status_code == 403
    boss.refresh_from_db()
    assert boss.check_password("correct horse")
