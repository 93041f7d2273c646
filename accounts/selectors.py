from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import Account, Membership, User


def list_accounts(*, user: User) -> list[Account]:
    """The accounts that the user belongs to, by name."""
    return list(Account.objects.filter(memberships__user=user))


def get_account(*, slug: str) -> Account:
    """The account of that slug. Raises Account.DoesNotExist."""
    return Account.objects.get(slug=slug)


def list_members(*, account: Account) -> QuerySet[Membership]:
    """The account's memberships with their users, by e-mail address."""
    return Membership.objects.for_account(account).select_related("user").order_by("user__email")


def find_user(*, email: str) -> User | None:
    """The user of that address, in any spelling."""
    try:
        return User.objects.get_by_natural_key(email)
    except User.DoesNotExist:
        return None


def find_member(*, account: Account, email: str) -> Membership | None:
    """The membership in the account of that address, in any spelling.

    Takes the same number of queries for known and unknown addresses, so that timing reveals nothing.
    """
    user = find_user(email=email)
    return list_members(account=account).filter(user_id=user.pk if user else 0).first()
