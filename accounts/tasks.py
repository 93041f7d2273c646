from __future__ import annotations

from celery import shared_task

from accounts import mails, resets


@shared_task
def send_password_reset(*, email: str, address: str | None, agent: str) -> None:
    """Doing it twice sends a second link; either is good until one was used."""
    resets.send_password_reset(email=email, address=address, agent=agent)


@shared_task
def send_queued_mail(*, to: str, subject: str, body: str) -> None:
    """Doing it twice sends it twice."""
    mails.send_now(to=to, subject=subject, body=body)
