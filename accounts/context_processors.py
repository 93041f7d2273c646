from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import roles
from accounts.kept_forms import take_kept_form
from accounts.models import Account, User


class Can:
    """What the user may do in the active account: `{% if can.manage_telemetry %}`."""

    def __init__(self, *, user: User | AnonymousUser, account: Account | None) -> None:
        self._user = user
        self._account = account

    def _holds(self, perm: str) -> bool:
        return self._account is not None and self._user.has_perm(perm, self._account)

    @cached_property
    def view_telemetry(self) -> bool:
        return self._holds(roles.VIEW_TELEMETRY)

    @cached_property
    def manage_telemetry(self) -> bool:
        return self._holds(roles.MANAGE_TELEMETRY)

    @cached_property
    def view_endpoints(self) -> bool:
        return self._holds(roles.VIEW_ENDPOINTS)

    @cached_property
    def manage_endpoints(self) -> bool:
        return self._holds(roles.MANAGE_ENDPOINTS)

    @cached_property
    def view_audit_log(self) -> bool:
        return self._holds(roles.VIEW_AUDIT_LOG)

    @cached_property
    def manage_members(self) -> bool:
        return self._holds(roles.MANAGE_MEMBERS)


def active_account(request: HttpRequest) -> dict[str, Any]:
    """`account`: the user's active account; `accounts`: all of theirs; `can`: see Can;
    `kept_form`: see accounts/kept_forms.py.

    An error page may be rendered for a request that no middleware has seen, such as one for an unknown host.
    """
    account = getattr(request, "account", None)
    user = getattr(request, "user", None) or AnonymousUser()
    has_person = account is not None or user.is_authenticated
    return {
        # Lazy: consumed only when the layout of a whole page is rendered.
        "kept_form": SimpleLazyObject(lambda: take_kept_form(request)) if has_person else None,
        "account": account,
        "accounts": getattr(request, "accounts", []),
        "can": Can(user=user, account=account),
    }
