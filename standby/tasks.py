from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from standby import mails, queue, values
from standby.models import QueuedMail


@shared_task
def send_mail(*, mail_id: int) -> None:
    """Send a mail, unless it was sent already."""
    mail = QueuedMail.objects.filter(pk=mail_id).first()
    if mail is not None:
        mails.deliver(mail=mail, now=timezone.now())


@shared_task
def send_pending() -> None:
    """What was kept while the queue or the mail server was away. Beat sends this every minute."""
    now = timezone.now()
    queue.send_kept(now=now)
    mails.send_waiting(now=now)
    values.forget_expired(now=now)
