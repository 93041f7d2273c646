"""Mails to a person about their own sign-in: what changed, from where, and what to do if it was not them."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from accounts.browsers import describe_browser
from accounts.mails import make_link, send_mail_later
from accounts.models import User
from audit.origin import PAGE, get_origin

# What happened -> the mail's subject; its first line says the same.
WHAT = {
    "password": "Your password for Denominator was changed",  # nosec B105 (a subject)
    "second_factor_on": "A second factor was set up for your Denominator sign-in",
    "second_factor_off": "The second factor of your Denominator sign-in was removed",
    "recovery_codes": "New recovery codes were made for your Denominator sign-in",
    "recovery_code_used": "A recovery code of your Denominator sign-in was used",
    "elsewhere": "New sign-in to Denominator",
}


def tell_owner(user: User, what: str) -> None:
    """Mail to the person's address, by whoever it was done."""
    origin = get_origin()
    is_page = origin.via == PAGE
    context = {
        "user": user,
        "what": WHAT[what],
        "at": timezone.now(),
        "address": origin.address,
        "browser": describe_browser(origin.agent) if is_page else "",
        "by_operator": not is_page,
        "sessions": make_link(reverse("accounts:sessions")),
        "reset": make_link(reverse("accounts:password-reset")),
    }
    send_mail_later(to=user.email, subject=WHAT[what], template="accounts/notice_mail.txt", context=context)
