"""Every mail is sent by `send_mail_later`, and every link in one begins with SITE_URL.

Never with the Host header of a request, which the client controls.
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

# Django's backends that deliver nothing.
NO_MAIL = {f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy")}
GOOD_FOR = timedelta(days=2)  # an older mail would only confuse


def is_mail_set_up() -> bool:
    """Whether mails are delivered. Where not, an admin is shown an invitation's link, to hand over."""
    return settings.EMAIL_BACKEND not in NO_MAIL


def make_link(path: str) -> str:
    """The absolute URL of one of our pages."""
    return f"{settings.SITE_URL}{path}"


def send_mail_later(
    *, to: str, subject: str, template: str, context: dict[str, Any], good_for: timedelta = GOOD_FOR
) -> None:
    """Have a worker send a mail after the transaction; it is kept until one can."""
    text = render_to_string(template, {"contact": settings.SUPPORT_CONTACT, **context})
    mails.send_mail_later(to=to, subject=" ".join(subject.split()), text=text, good_for=good_for)


def queue_task(task: str, *, good_for: timedelta, **kwargs: str | None) -> None:
    """Queue a task of `accounts.tasks`; while the queue is unavailable it is kept, for `good_for`."""
    on_commit(partial(send_or_keep, f"accounts.tasks.{task}", good_for=good_for, **kwargs), robust=True)
