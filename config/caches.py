"""The cache of one machine without Redis: files, as Django's own, whose `add` only one process wins."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache as DjangoFileBasedCache


class FileBasedCache(DjangoFileBasedCache):
    """Django looks for the file and then writes it: two who come at once would both have added it."""

    def add(
        self, key: str, value: Any, timeout: int | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        self._createdir()
        with Path(self._dir, "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return super().add(key, value, timeout, version)
