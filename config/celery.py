"""The work queue and the schedule. The database is the truth about what ran; a lost message costs a delay."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("denominator")
app.set_default()  # for every thread: `celery.current_app` is one thread's own otherwise
app.config_from_object("config.queue")
app.autodiscover_tasks()
