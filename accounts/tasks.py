from __future__ import annotations

from celery import shared_task

from accounts import resets


@shared_task
def send_password_reset(*, email: str, address: str | None, agent: str) -> None:
    """Idempotent enough: a second link may be sent; both work until one was used."""
    resets.send_password_reset(email=email, address=address, agent=agent)
