"""Whether what this process needs answers: for /readyz. Pages go on without Redis, not without a database."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from redis.backoff import NoBackoff
from redis.retry import Retry

ANSWERS, SILENT = "ok", "does not answer"
DATABASE_SECONDS = 3
_asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")


def check_services() -> dict[str, str]:
    """`database`, `cache` and `queue`, each "ok" or what is missing."""
    return {
        "database": _check_database(),
        "cache": _check(settings.CACHE_URL, folder=settings.CACHES["default"]["LOCATION"]),
        "queue": _check(settings.REDIS_URL, folder=settings.QUEUE_DIR),
    }


def _check_database() -> str:
    """In a thread of its own: a database that hangs keeps its client waiting, whatever was set there."""
    asked = _asking.submit(_ask_database)
    try:
        return asked.result(timeout=DATABASE_SECONDS)
    except TimeoutError:
        asked.cancel()
        return SILENT


def _ask_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return SILENT
    finally:
        connection.close()
    return ANSWERS


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
