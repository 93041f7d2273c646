"""Password reset by e-mail, without revealing who has a sign-in.

The page does the same for every address: it counts, and queues the address for a worker, which looks it up
after the response.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.addresses import normalise_if_valid
from accounts.journal import record_by_person
from accounts.lockout import unlock
from accounts.mails import make_link, queue_task, send_mail_later
from accounts.models import User
from accounts.proof import verify_address
from accounts.selectors import find_user
from accounts.services import reset_password
from accounts.throttle import allow
from audit.addresses import name_network
from audit.origin import PAGE, Origin, acting

log = structlog.get_logger(__name__)
HOUR = 3600
GOOD_FOR = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)  # a mail lives as long as its link
PER_ADDRESS = 3  # mails an hour to one e-mail address
PER_NETWORK = 20  # requests an hour from one network


def request_password_reset(*, email: str, address: str | None, agent: str, now: datetime) -> None:
    """Queue a reset link to `email`, if the address is known and below its rate limit. Reveals neither."""
    email = normalise_if_valid(email)
    from_here = allow("reset_from", name_network(address), times=PER_NETWORK, seconds=HOUR, now=now)
    if not from_here or not allow("reset_to", email, times=PER_ADDRESS, seconds=HOUR, now=now):
        log.warning("password reset throttled", address=address)
        return
    queue_task("send_password_reset", good_for=GOOD_FOR, email=email, address=address, agent=agent)


def send_password_reset(*, email: str, address: str | None, agent: str) -> bool:
    """Send the link, which works once within an hour, if the person has a password. Returns whether they do.

    Sending is retried until the link expires.
    """
    user = find_user(email=email)
    if user is None or not user.is_active or not user.has_usable_password():
        return False
    path = reverse(
        "accounts:password-reset-link",
        args=[urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)],
    )
    send_mail_later(
        to=user.email,
        subject="Set a new password for Denominator",
        template="accounts/password_reset_mail.txt",
        context={"user": user, "link": make_link(path), "address": address},
        good_for=GOOD_FOR,
    )
    with acting(lambda: Origin(via=PAGE, address=address, agent=agent)):
        record_by_person("person.password_reset_sent", user=user)
    return True


@transaction.atomic
def reset_with_link(*, user: User, password: str, now: datetime) -> None:
    """Set the password. A lockout ends too, since the link proves who the person is.

    The first time it also removes earlier credentials.
    Raises ValidationError keyed by `password`.
    """
    verify_address(user=user, now=now)
    reset_password(user=user, password=password)
    unlock(email=user.email)
