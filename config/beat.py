"""The scheduler: Celery's own, with a heartbeat, and robust against clocks that are set back.

Celery keeps in memory and in a file when each entry was sent last. Where the clock was a day ahead for a
moment, these times lie a day in the future, and it would send nothing until then.
"""

from __future__ import annotations

import time
from typing import Any

from celery.beat import PersistentScheduler
from django.db import connection
from django.utils import timezone

from standby import heartbeats


class Scheduler(PersistentScheduler):
    """Times in the future are set to now: the next run of an entry is an interval away at most."""

    _noted_at = 0.0  # by this process's monotonic clock

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """As Celery's; how long to wait for the next call, in seconds."""
        for entry in self.schedule.values():
            now = entry.schedule.now() if entry.schedule else None
            if now and entry.last_run_at and entry.last_run_at > now:
                entry.last_run_at = now
                self._heap = None  # made of the same times; Celery makes it anew
        if time.monotonic() - self._noted_at >= heartbeats.EVERY_SECONDS:
            self._noted_at = time.monotonic()
            heartbeats.note_alive(names=[heartbeats.SCHEDULER], now=timezone.now())
            connection.close()
        return min(super().tick(*args, **kwargs), heartbeats.EVERY_SECONDS)
