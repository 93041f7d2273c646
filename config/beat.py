"""The scheduler: Celery's own, for clocks that are put back.

Celery keeps in memory and in a file when each entry was sent last. Where the clock was a day ahead for a
moment, these times lie a day in the future, and it would send nothing until then.
"""

from __future__ import annotations

from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):
    """What was sent in the future was sent now: an entry's next turn is an interval away at most."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """As Celery's; how long to wait for the next call, in seconds."""
        for entry in self.schedule.values():
            now = entry.schedule.now()
            if entry.last_run_at > now:
                entry.last_run_at = now
                self._heap = None  # made of the same times; Celery makes it anew
        return super().tick(*args, **kwargs)
