"""Argon2 with limited concurrency: hashing one password takes 100 MB of memory."""

from __future__ import annotations

import threading

from django.conf import settings
from django.contrib.auth import hashers

_semaphore = threading.BoundedSemaphore(settings.PASSWORD_HASHES_AT_ONCE)  # of this process


class Argon2PasswordHasher(hashers.Argon2PasswordHasher):
    """Django's, with a semaphore: calls beyond the limit wait for a fraction of a second."""

    def encode(self, password: str, salt: str) -> str:
        with _semaphore:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _semaphore:
            return super().verify(password, encoded)
