"""Handlers of Django's sign-in signals."""

from __future__ import annotations

from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.kept_forms import find_kept_account
from accounts.models import User
from accounts.selectors import list_accounts
from accounts.sessions import enter_account, find_account, note_activity, note_sign_in_to
from accounts.sign_ins import note_sign_in


@receiver(user_logged_in)
def begin_session(*, request: HttpRequest, user: User, **_more: object) -> None:
    now = timezone.now()
    note_activity(request.session, now=now)
    note_sign_in(request, user=user, now=now)
    accounts = list_accounts(user=user)
    if kept := find_kept_account(request, user=user, accounts=accounts, now=now):
        enter_account(request.session, account=kept)
    account, _left = find_account(request.session, accounts=accounts)  # which would otherwise enter the first
    note_sign_in_to(account, user=user, now=now)


@receiver(user_login_failed)
def fail_attempt(*, request: HttpRequest | None, **_more: object) -> None:
    """Raises LockedOut at the limit, which ends the request."""
    if attempt := getattr(request, "sign_in_attempt", None):
        attempt.fail()
