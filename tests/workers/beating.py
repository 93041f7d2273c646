"""The product's Celery app with its schedule every second, for tests of schedulers: every minute is slow."""

from __future__ import annotations

from config.celery import app

for _entry in app.conf.beat_schedule.values():
    _entry["schedule"] = 1.0
