from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from commandline import retention


@shared_task
def prune() -> None:
    """As `manage.py prune`, by the schedule. Doing it twice, or at the same time, removes the same."""
    retention.prune(now=timezone.now())
