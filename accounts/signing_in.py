"""From a correct password or a single sign-on to a session, with the second factor between."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.invitations import is_invited
from accounts.journal import record_by_person
from accounts.lockout import Attempt, start_attempt
from accounts.models import User
from accounts.proof import has_verified_address
from accounts.second_factor import check_code, has_second_factor

PENDING = "pending_sign_in"
PENDING_FOR = timedelta(minutes=10)
ASKED = "You are invited to an account. See Invitations in the menu of your name."
BACKEND = "django.contrib.auth.backends.ModelBackend"


def begin_sign_in(request: HttpRequest, *, user: User, next_url: str, method: str, now: datetime) -> bool:
    """Sign the person in, or remember that their second factor is pending. Returns whether they are signed
    in.

    `method` is how they proved who they are: "password", "single_sign_on" or "invitation".
    """
    attempt: Attempt | None = getattr(request, "sign_in_attempt", None)  # none for single sign-on
    if not has_second_factor(user):
        _complete(request, user=user, method=method)
        if attempt:
            attempt.succeed()
        return True
    if attempt:
        attempt.cancel()
    request.session.cycle_key()
    request.session[PENDING] = {
        "user": user.pk,
        "proof": user.get_session_auth_hash(),
        "next": next_url,
        "way": method,
        "until": (now + PENDING_FOR).timestamp(),
    }
    return False


def find_pending(request: HttpRequest, *, now: datetime) -> tuple[User, dict[str, Any]] | None:
    """The person whose code is pending in this session, and what is remembered; None once it has expired."""
    pending = request.session.get(PENDING)
    if not pending or pending["until"] < now.timestamp():
        return None
    user = User.objects.filter(pk=pending["user"], is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), pending["proof"]):
        return None
    return user, pending


def finish_sign_in(
    request: HttpRequest, *, user: User, pending: dict[str, Any], code: str, now: datetime
) -> None:
    """Raises ValidationError for a wrong code, which counts as a wrong password, and LockedOut."""
    attempt = start_attempt(request, email=user.email)
    try:
        check_code(user=user, code=code, now=now)
    except ValidationError:
        attempt.fail()
        raise
    del request.session[PENDING]
    _complete(request, user=user, method=pending["way"])
    attempt.succeed()


def _complete(request: HttpRequest, *, user: User, method: str) -> None:
    login(request, user, backend=BACKEND)
    record_by_person(f"person.signed_in_by_{method}", user=user)
    if has_verified_address(user) and is_invited(email=user.email, now=timezone.now()):
        messages.info(request, ASKED)
