"""What Django and django-axes tell about sign-ins, however they come about. Nothing is decided here."""

from __future__ import annotations

import axes.signals  # noqa: F401 (its receivers are connected before ours: it counts, then we tell)
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.journal import record_at_the_door
from accounts.lockout import get_username
from accounts.models import User
from accounts.selectors import list_accounts
from accounts.sessions import find_account, note_activity


@receiver(user_logged_in)
def begin_session(*, request: HttpRequest, user: User, **_more: object) -> None:
    note_activity(request.session, now=timezone.now())
    find_account(request.session, accounts=list_accounts(user=user))  # which enters the first


@receiver(user_login_failed)
def note_failed_sign_in(*, credentials: dict[str, str], request: HttpRequest | None, **_more: object) -> None:
    """Called after axes has counted. An attempt during a lock is not looked at: no entry."""
    if getattr(request, "axes_failures_since_start", None) is None:
        return
    action = "person.locked_out" if request.axes_locked_out else "person.sign_in_failed"
    record_at_the_door(action, email=get_username(request, credentials))
