"""Django's caches, mended: on Redis, beside the work queue; and in files, where there is none."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache as DjangoFileBasedCache
from django.core.cache.backends.redis import RedisCache

KEYS_AT_A_TIME = 1_000


class OwnKeysCache(RedisCache):
    """As Django's, but `clear` removes our own keys: Django's empties the database, and so the queue."""

    def clear(self) -> None:
        client = self._cache.get_client(None, write=True)
        for key in client.scan_iter(match=f"{_escape(self.key_prefix)}:*", count=KEYS_AT_A_TIME):
            client.unlink(key)


class FileBasedCache(DjangoFileBasedCache):
    """Django looks for the file and then writes it: two who come at once would both have added it."""

    def add(
        self, key: str, value: Any, timeout: int | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        self._createdir()
        with Path(self._dir, "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return super().add(key, value, timeout, version)


def _escape(text: str) -> str:
    """As a pattern of Redis that matches the text alone."""
    return "".join(f"\\{letter}" if letter in "*?[]^-\\" else letter for letter in text)
