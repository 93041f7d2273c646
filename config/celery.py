"""The work queue and the schedule. The database is the truth about what ran; a lost message costs a delay."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_init, worker_process_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings

from config import database, queue

app = Celery("denominator")
app.set_default()  # for every thread: `celery.current_app` is one thread's own otherwise
app.config_from_object("config.queue")
app.autodiscover_tasks()
worker_process_init.connect(lambda **_kwargs: database.limit_worker(), weak=False)


@worker_init.connect
def _load_datasets(**_kwargs: object) -> None:
    """What reads files is in memory once, not once a process: the worker has not forked yet."""
    from ingestion.datasets import list_datasets  # once the apps are loaded

    list_datasets()


@worker_ready.connect
def _note_worker(sender: object, **_kwargs: object) -> None:
    from standby.heartbeats import note_worker  # once the apps are loaded

    note_worker(sender)


# The sender of pages and the schedule: the same queue, with connections that time out after a second. A
# worker's own connections wait for messages.
sender = Celery("denominator-sender", set_as_current=False)
sender.config_from_object("config.queue")
sender.conf.broker_transport_options = queue.broker_transport_options | queue.SENDING
sender.conf.broker_connection_timeout = settings.REDIS_TIMEOUT_SECONDS
