"""Messages to the workers, sent from pages: an unavailable queue costs a second, not the page.

After a failure a process does not try the queue for AWAY_SECONDS, so that of five hundred messages one times
out.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from standby.models import KeptTask

log = structlog.get_logger(__name__)
AWAY_SECONDS = 5
MAX_KEPT = 10_000  # messages: an anonymous client can ask for one by a click
BATCH_SIZE = 500
_away_until = 0.0  # by this process's monotonic clock


def send(task: str, **kwargs: Any) -> bool:
    """Put a task on the queue. False where the queue does not take it, which the log says."""
    global _away_until
    if time.monotonic() < _away_until:
        return False
    try:
        import_string(settings.CELERY_SENDER).send_task(task, kwargs=kwargs, retry=False)
    except Exception as error:
        if not _is_of_the_queue(error):
            raise
        _away_until = time.monotonic() + AWAY_SECONDS
        log.error("message not sent", task=task, error=f"{type(error).__name__}: {error}")
        return False
    return True


def send_or_keep(task: str, *, good_for: timedelta, **kwargs: Any) -> bool:
    """As send; what the queue does not take is kept in the database, and sent once the queue is back.

    False only where too much is kept already.
    """
    if send(task, **kwargs):
        return True
    if KeptTask.objects.count() >= MAX_KEPT:
        log.error("message lost: too many are kept", task=task)
        return False
    now = timezone.now()
    KeptTask.objects.create(name=task, kwargs=kwargs, created_at=now, good_until=now + good_for)
    return True


def send_kept(*, now: datetime) -> int:
    """Send what was kept, the oldest first, and drop what is too old to be of use; how many were sent.

    A message may be sent twice by two concurrent calls: tasks are idempotent.
    """
    KeptTask.objects.filter(good_until__lte=now).delete()
    sent = 0
    for kept in KeptTask.objects.order_by("pk")[:BATCH_SIZE]:
        if not send(kept.name, **kept.kwargs):
            break
        kept.delete()
        sent += 1
    return sent


def forget_failure() -> None:
    """Try the queue again at once: for tests, which share a process."""
    global _away_until
    _away_until = 0.0


def _is_of_the_queue(error: Exception) -> bool:
    from kombu.exceptions import OperationalError  # with the app: most commands send nothing
    from redis.exceptions import RedisError

    return isinstance(error, (OperationalError, RedisError, OSError))
