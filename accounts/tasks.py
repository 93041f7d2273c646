from __future__ import annotations

from importlib import import_module

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts import invitations, mails, resets, sign_ins


@shared_task
def send_password_reset(*, email: str, address: str | None, agent: str) -> None:
    """Doing it twice sends a second link; either is good until one was used."""
    resets.send_password_reset(email=email, address=address, agent=agent)


@shared_task
def send_queued_mail(*, to: str, subject: str, body: str) -> None:
    """Doing it twice sends it twice."""
    mails.send_now(to=to, subject=subject, body=body)


@shared_task
def clear_expired_sessions() -> None:
    """Rows of sessions that have ended, notes of old ones, old invitations: nobody can use or needs them."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    sign_ins.forget_old_sign_ins(now=timezone.now())
    invitations.forget_old(now=timezone.now())
