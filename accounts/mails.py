"""Every mail goes out by `send_mail_later`, and every link in one begins with SITE_URL.

Never with the Host of a request: that is whatever the client has written.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db.transaction import on_commit
from django.template.loader import render_to_string
from django.utils.module_loading import import_string

log = structlog.get_logger(__name__)
# What Django has for those who have no mail: it is printed, or goes nowhere.
NO_MAIL = {f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy")}


def is_mail_set_up() -> bool:
    """Whether mails reach anybody. Where not, an admin is shown an invitation's link, to hand over."""
    return settings.EMAIL_BACKEND not in NO_MAIL


def make_link(path: str) -> str:
    """The address of one of our pages, as a person opens it."""
    return f"{settings.SITE_URL}{path}"


def send_mail_later(*, to: str, subject: str, template: str, context: dict[str, Any]) -> None:
    """Have a worker send a mail, once the transaction around this is over."""
    body = render_to_string(template, {"contact": settings.SUPPORT_CONTACT, **context})
    message = {"to": to, "subject": " ".join(subject.split()), "body": body}
    on_commit(partial(queue_task, "send_queued_mail", **message), robust=True)


def queue_task(task: str, **kwargs: str | None) -> None:
    """Put a task of `accounts.tasks` on the queue; where the queue is down, say so in the log and go on."""
    from kombu.exceptions import OperationalError  # with the app: most commands send nothing

    try:
        import_string(settings.CELERY_APP).send_task(f"accounts.tasks.{task}", kwargs=kwargs, retry=False)
    except OperationalError as error:
        log.error("message not sent", task=task, error=str(error))


def send_now(*, to: str, subject: str, body: str) -> None:
    """In a worker."""
    send_mail(subject=subject, message=body, from_email=None, recipient_list=[to])
