"""Locking out before a password is checked, and permissions by membership:
`user.has_perm("telemetry.manage_telemetry", account)`.
"""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.http import HttpRequest

from accounts.lockout import start_attempt
from accounts.models import Account, Membership, User
from accounts.roles import ROLE_PERMISSIONS


class LockOutBackend(ModelBackend):
    """Runs before the backend that checks passwords, for every page and library."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, **_credentials: object
    ) -> None:
        """Counts the attempt and keeps it on the request. Raises LockedOut; a shell is not counted."""
        if request is not None and username:
            request.sign_in_attempt = start_attempt(request, email=username)


class MembershipBackend(BaseBackend):
    """What a member may do in an account: the role's permissions and those granted to the member alone.

    Kept on the user object, as Django's own backend does: a request reads them once.
    """

    def get_all_permissions(self, user_obj: User, obj: object = None) -> set[str]:
        if not isinstance(obj, Account) or not user_obj.is_active or user_obj.is_anonymous:
            return set()
        kept = user_obj.__dict__.setdefault("_permissions_by_account", {})
        if obj.pk not in kept:
            kept[obj.pk] = _read_permissions(user_obj, obj)
        return kept[obj.pk]

    def has_perm(self, user_obj: User, perm: str, obj: object = None) -> bool:
        return perm in self.get_all_permissions(user_obj, obj)


def _read_permissions(user: User, account: Account) -> set[str]:
    membership = (
        Membership.objects.for_account(account)
        .filter(user=user)
        .prefetch_related("permissions__content_type")
        .first()
    )
    if membership is None:
        return set()
    granted = {f"{p.content_type.app_label}.{p.codename}" for p in membership.permissions.all()}
    return granted | ROLE_PERMISSIONS[membership.role]
