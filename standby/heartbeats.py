"""Heartbeats: every process writes regularly that it is alive."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, connections
from django.utils import timezone

from standby.models import Heartbeat

log = structlog.get_logger(__name__)
EVERY_SECONDS = 20
LATE = timedelta(seconds=90)
SCHEDULER = "scheduler"
NEVER = "never seen"


def name_workers(queue: str) -> str:
    return f"{queue} workers"


def note_alive(*, names: Sequence[str], now: datetime) -> None:
    """A database that is away makes no process end: it is named before all else anyway."""
    try:
        for name in names:
            Heartbeat.objects.update_or_create(name=name, defaults={"at": now})
    except DatabaseError as error:
        log.warning("heartbeat not written", names=[*names], error=type(error).__name__)


def note_worker(sender: Any, **_more: object) -> None:
    """At Celery's signal worker_ready: in a thread of the worker's main process, beside its loop."""
    names = [name_workers(queue) for queue in sender.app.amqp.queues.consume_from]
    threading.Thread(target=_note_for_ever, args=[names], daemon=True, name="heartbeat").start()


def describe_processes(*, names: Sequence[str], now: datetime) -> dict[str, str]:
    """For each of the names "ok", or since when nothing was heard."""
    seen = dict(Heartbeat.objects.filter(name__in=names).values_list("name", "at"))
    return {name: _describe(seen.get(name), now) for name in names}


def _describe(at: datetime | None, now: datetime) -> str:
    if at is None:
        return NEVER
    return "ok" if abs(now - at) <= LATE else f"not seen since {at.isoformat(timespec='seconds')}"


def _note_for_ever(names: Sequence[str]) -> None:
    while True:
        note_alive(names=names, now=timezone.now())
        connections.close_all()  # a child that is forked meanwhile must not have it
        time.sleep(EVERY_SECONDS)
