"""Every mail goes out by `send_mail_later`, and every link in one begins with SITE_URL.

Never with the Host of a request: that is whatever the client has written.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db.transaction import on_commit
from django.template.loader import render_to_string

from standby import mails
from standby.queue import send_or_keep

# What Django has for those who have no mail: it is printed, or goes nowhere.
NO_MAIL = {f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy")}
GOOD_FOR = timedelta(days=2)  # a mail that could not be sent for so long would only confuse


def is_mail_set_up() -> bool:
    """Whether mails reach anybody. Where not, an admin is shown an invitation's link, to hand over."""
    return settings.EMAIL_BACKEND not in NO_MAIL


def make_link(path: str) -> str:
    """The address of one of our pages, as a person opens it."""
    return f"{settings.SITE_URL}{path}"


def send_mail_later(
    *, to: str, subject: str, template: str, context: dict[str, Any], good_for: timedelta = GOOD_FOR
) -> None:
    """Have a worker send a mail, once the transaction around this is over; while none can, it is kept."""
    text = render_to_string(template, {"contact": settings.SUPPORT_CONTACT, **context})
    mails.send_mail_later(to=to, subject=" ".join(subject.split()), text=text, good_for=good_for)


def queue_task(task: str, *, good_for: timedelta, **kwargs: str | None) -> None:
    """Have a worker do a task of `accounts.tasks`; while the queue is away it is kept, for `good_for`."""
    on_commit(partial(send_or_keep, f"accounts.tasks.{task}", good_for=good_for, **kwargs), robust=True)
