"""What Django tells about sign-ins, however they come about."""

from __future__ import annotations

from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.sessions import note_activity


@receiver(user_logged_in)
def begin_session(*, request: HttpRequest, **_more: object) -> None:
    note_activity(request.session, now=timezone.now())


@receiver(user_login_failed)
def fail_attempt(*, request: HttpRequest | None, **_more: object) -> None:
    """Raises LockedOut for the last one, which ends the request."""
    if attempt := getattr(request, "sign_in_attempt", None):
        attempt.fail()
