from __future__ import annotations

from accounts.models import Account, User


def list_accounts(*, user: User) -> list[Account]:
    """The accounts that the user belongs to, by name."""
    return list(Account.objects.filter(memberships__user=user))


def get_active_account(*, user: User, slug: str) -> Account | None:
    """The user's account of that slug, else the first one by name; None where the user belongs to none."""
    accounts = list_accounts(user=user)
    return next((account for account in accounts if account.slug == slug), accounts[0] if accounts else None)


def get_account(*, slug: str) -> Account:
    """The account of that slug. Raises Account.DoesNotExist."""
    return Account.objects.get(slug=slug)
