"""All mails: a row is written, the mail is sent, the row is deleted.

A mail server or a queue that is away delays a mail, and loses none. A mail may arrive twice, where a process
dies between the two; its text may hold a link, so a row lives no longer than it must.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.core.mail import send_mail
from django.db.transaction import on_commit
from django.utils import timezone

from standby import queue
from standby.models import QueuedMail

log = structlog.get_logger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=30)
BATCH_SIZE = 200


def send_mail_later(*, to: str, subject: str, text: str, good_for: timedelta) -> QueuedMail:
    """Have a worker send the mail once the transaction is committed; else the schedule does."""
    mail = keep_mail(to=to, subject=subject, text=text, good_for=good_for)
    on_commit(lambda: queue.send("standby.tasks.send_mail", mail_id=mail.pk))
    return mail


def keep_mail(*, to: str, subject: str, text: str, good_for: timedelta) -> QueuedMail:
    """The row of a mail, for whoever sends it at once or lets the schedule do so."""
    now = timezone.now()
    return QueuedMail.objects.create(
        recipient=to, subject=subject, text=text, created_at=now, good_until=now + good_for, next_try_at=now
    )


def deliver(*, mail: QueuedMail, now: datetime) -> bool:
    """Send it, unless somebody else does at this moment. What fails is tried again by the schedule."""
    pause = min(FIRST_PAUSE * 2 ** min(mail.attempts, 10), LONGEST_PAUSE)
    mine = QueuedMail.objects.filter(pk=mail.pk, next_try_at=mail.next_try_at, good_until__gt=now)
    if not mine.update(attempts=mail.attempts + 1, next_try_at=now + pause):
        return False
    try:
        send_mail(subject=mail.subject, message=mail.text, from_email=None, recipient_list=[mail.recipient])
    except OSError as error:  # smtplib's errors are among these
        log.error("mail not sent", mail=mail.pk, attempts=mail.attempts + 1, error=type(error).__name__)
        return False
    QueuedMail.objects.filter(pk=mail.pk).delete()
    return True


def send_waiting(*, now: datetime) -> int:
    """Send what waits and drop what is too old; how many were sent. Stops at a server that takes none."""
    QueuedMail.objects.filter(good_until__lte=now).delete()
    sent = 0
    for mail in QueuedMail.objects.filter(next_try_at__lte=now).order_by("next_try_at")[:BATCH_SIZE]:
        if not deliver(mail=mail, now=now) and QueuedMail.objects.filter(pk=mail.pk).exists():
            break
        sent += 1
    return sent
