"""For /readyz: whether the services of this process answer, and the other processes are alive.

Load balancers ask whether a process can serve: workers and the scheduler do not matter for that.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.queue import task_queues
from standby import heartbeats

Found = TypeVar("Found")
ANSWERS, SILENT, UNKNOWN = "ok", "does not answer", "unknown without a database"
DATABASE_SECONDS = 3
_asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")


def check_services() -> dict[str, str]:
    """`database`, `cache` and `queue`, each "ok" or what is missing."""
    return {
        "database": _check_database(),
        "cache": _check(settings.CACHE_URL, folder=str(settings.CACHES["default"]["LOCATION"])),
        "queue": _check(settings.REDIS_URL, folder=settings.QUEUE_DIR),
    }


def check_processes(*, now: datetime, database: str) -> dict[str, str]:
    """`scheduler` and the workers of each queue, each "ok" or since when nothing was heard of them.

    `database`: what check_services has found, since there they write down that they are alive.
    """
    names = [heartbeats.SCHEDULER, *(heartbeats.name_workers(queue.name) for queue in task_queues)]
    found = None
    if database == ANSWERS:
        found = _ask_database(lambda: heartbeats.describe_processes(names=names, now=now))
    return found or dict.fromkeys(names, UNKNOWN)


def _check_database() -> str:
    return ANSWERS if _ask_database(_select_one) else SILENT


def _ask_database(question: Callable[[], Found]) -> Found | None:
    """In a separate thread: a hanging database blocks its client regardless of its timeouts.

    None where there is no answer.
    """

    def ask() -> Found | None:
        try:
            return question()
        except DatabaseError:
            return None
        finally:
            connection.close()

    asked = _asking.submit(ask)
    try:
        return asked.result(timeout=DATABASE_SECONDS)
    except TimeoutError:
        asked.cancel()
        return None


def _select_one() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _check(url: str, *, folder: str | Path) -> str:
    return _check_redis(url) if url else _check_folder(Path(folder))


def _check_redis(url: str) -> str:
    seconds = settings.REDIS_TIMEOUT_SECONDS
    bounds = {"socket_timeout": seconds, "socket_connect_timeout": seconds, "retry": Retry(NoBackoff(), 0)}
    try:
        with redis.Redis.from_url(url, **bounds) as client:
            client.ping()
    except redis.RedisError:
        return SILENT
    return ANSWERS


def _check_folder(folder: Path) -> str:
    """Of one that is not there yet: whether it can be made."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return ANSWERS if os.access(there, os.W_OK) else "cannot be written"
