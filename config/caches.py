"""Fixes of Django's caches: on Redis, beside the work queue; and in files, where there is none."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.filebased import FileBasedCache as DjangoFileBasedCache
from django.core.cache.backends.redis import RedisCache
from django.utils.functional import cached_property
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = structlog.get_logger(__name__)
KEYS_AT_A_TIME = 1_000
AWAY_SECONDS = 5


class OwnKeysCache(RedisCache):
    """As Django's, with a timeout, and with the database as fallback while Redis is unavailable.

    A call waits `timeout_seconds` at most and is not tried again; after a failure the process asks the
    database alone for AWAY_SECONDS, so that a page of many calls waits once. What the database does not store
    (standby.values) is as if it had expired. `clear` removes our own keys alone: Django's would empty Redis,
    and with it the queue.
    """

    _servers: list[str]  # Django's own: the addresses

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = params["OPTIONS"] = dict(params.get("OPTIONS", {}))
        seconds = options.pop("timeout_seconds", 1)
        options |= {"socket_timeout": seconds, "socket_connect_timeout": seconds}
        options["retry"] = Retry(NoBackoff(), 0)
        super().__init__(server, params)
        self._standby_params = {"KEY_PREFIX": self.key_prefix}

    @cached_property
    def _standby(self) -> BaseCache:
        from standby.values import KeptValues  # once the apps are loaded

        return KeptValues(self._standby_params)

    def clear(self) -> None:
        try:
            client = self._cache.get_client(None, write=True)
            for key in client.scan_iter(match=f"{_escape(self.key_prefix)}:*", count=KEYS_AT_A_TIME):
                client.unlink(key)
        except RedisError:
            self._standby.clear()


def _ask_redis_first(name: str) -> Callable[..., Any]:
    ask_redis = getattr(RedisCache, name)

    @wraps(ask_redis)
    def ask(self: OwnKeysCache, *args: Any, **kwargs: Any) -> Any:
        if not _is_away(self):
            try:
                return ask_redis(self, *args, **kwargs)
            except RedisError as error:  # it does not answer, or refuses: out of memory, read-only, loading
                _note_away(self, error)
        return getattr(self._standby, name)(*args, **kwargs)

    return ask


_CALLS = ("add", "get", "set", "touch", "delete", "get_many", "set_many", "delete_many", "has_key", "incr")
for _name in _CALLS:
    setattr(OwnKeysCache, _name, _ask_redis_first(_name))

_away_until: dict[str, float] = {}  # by address, on this process's monotonic clock


def forget_failures() -> None:
    """Try Redis again at once: for tests, which share a process."""
    _away_until.clear()


def _is_away(cache: OwnKeysCache) -> bool:
    return time.monotonic() < _away_until.get(str(cache._servers), 0)


def _note_away(cache: OwnKeysCache, error: RedisError) -> None:
    _away_until[str(cache._servers)] = time.monotonic() + AWAY_SECONDS
    log.error("cache does not answer", error=f"{type(error).__name__}: {error}")


class FileBasedCache(DjangoFileBasedCache):
    """Django checks for the file and then writes it: two concurrent calls would both succeed."""

    _dir: str  # Django's own, as is the next
    _createdir: Callable[[], None]

    def add(
        self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        self._createdir()
        with Path(self._dir, "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return super().add(key, value, timeout, version)


def _escape(text: str) -> str:
    """As a pattern of Redis that matches the text alone."""
    return "".join(f"\\{letter}" if letter in "*?[]^-\\" else letter for letter in text)
