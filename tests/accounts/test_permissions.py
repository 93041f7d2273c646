"""Who may do what: by role, by a grant beyond it, and never in another account."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from accounts.context_processors import Can
from accounts.models import User

ALL = {
    "view_telemetry",
    "manage_telemetry",
    "view_endpoints",
    "manage_endpoints",
    "manage_members",
    "view_audit_log",
}
ALLOWED = {
    "viewer": {"view_telemetry", "view_endpoints"},
    "manager": {"view_telemetry", "view_endpoints", "manage_telemetry"},
    "admin": ALL,
}


def what_can(user: User, account) -> set[str]:
    can = Can(user=User.objects.get(pk=user.pk), account=account)
    return {name for name in ALL if getattr(can, name)}


@pytest.mark.parametrize("role", ALLOWED)
def test_a_role_allows_what_the_table_says_and_nothing_else(role, account, join):
    assert what_can(join(account, role).user, account) == ALLOWED[role]


@pytest.mark.parametrize("role", ALLOWED)
def test_a_role_counts_in_its_own_account_only(role, account, other_account, join):
    user = join(account, role).user

    assert what_can(user, other_account) == set()
    assert what_can(user, None) == set()


def test_a_permission_granted_to_a_member_adds_to_the_role_in_that_account(account, other_account, join):
    membership = join(account, "viewer")
    join(other_account, "viewer", email=membership.user.email)
    membership.permissions.add(Permission.objects.get(codename="manage_telemetry"))

    assert what_can(membership.user, account) == ALLOWED["manager"]
    assert what_can(membership.user, other_account) == ALLOWED["viewer"]


def test_a_permission_of_the_person_in_general_opens_no_account(account, join):
    user = join(account, "viewer").user
    user.user_permissions.add(Permission.objects.get(codename="manage_telemetry"))

    assert what_can(user, account) == ALLOWED["viewer"]


def test_an_inactive_person_may_do_nothing(account, join):
    user = join(account, "admin").user
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert what_can(user, account) == set()


def test_asking_for_several_permissions_reads_the_membership_once(
    account, join, django_assert_max_num_queries
):
    can = Can(user=join(account, "admin").user, account=account)

    with django_assert_max_num_queries(2):
        assert all(getattr(can, name) for name in ALL)
