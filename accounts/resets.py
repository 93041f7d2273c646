"""A new password by e-mail, without telling anyone who has a sign-in.

The page does the same for every address: it counts, and hands the address to a worker. Whether anybody is
known by it is looked up there, after the answer.
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

from accounts.addresses import find_normal
from accounts.journal import record_own
from accounts.lockout import unlock
from accounts.mails import make_link, queue_task, send_mail_later
from accounts.models import User
from accounts.proof import show_address
from accounts.selectors import find_user
from accounts.services import reset_password
from accounts.throttle import allow
from audit.addresses import name_network
from audit.origin import PAGE, Origin, acting

log = structlog.get_logger(__name__)
HOUR = 3600
GOOD_FOR = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)  # a request and a mail: as long as the link
FOR_AN_ADDRESS = 3  # mails an hour to one e-mail address
FROM_A_PLACE = 20  # requests an hour from one IP address


def request_password_reset(*, email: str, address: str | None, agent: str, now: datetime) -> None:
    """Have a link sent to `email`, if it is known and was not sent too many. Says nothing of either."""
    email = find_normal(email)
    from_here = allow("reset_from", name_network(address), times=FROM_A_PLACE, seconds=HOUR, now=now)
    if not from_here or not allow("reset_to", email, times=FOR_AN_ADDRESS, seconds=HOUR, now=now):
        log.warning("password reset throttled", address=address)
        return
    queue_task("send_password_reset", good_for=GOOD_FOR, email=email, address=address, agent=agent)


def send_password_reset(*, email: str, address: str | None, agent: str) -> bool:
    """Send the link, good once and for an hour, to whoever has a password to reset. Whether there is one.

    A mail server that is away is asked again until the link is worth nothing.
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
        record_own("person.password_reset_sent", user=user)
    return True


@transaction.atomic
def use_link(*, user: User, password: str, now: datetime) -> None:
    """Set the password by the link. A lock ends too: the person has shown who they are.

    Where they had not before, all that was set before is forgotten.
    Raises ValidationError keyed by `password`.
    """
    show_address(user=user, now=now)
    reset_password(user=user, password=password)
    unlock(email=user.email)
