"""Argon2, a few passwords at a time: hashing one takes 100 MB of memory, which is its strength."""

from __future__ import annotations

import threading

from django.conf import settings
from django.contrib.auth import hashers

_turns = threading.BoundedSemaphore(settings.PASSWORD_HASHES_AT_ONCE)  # of this process


class Argon2PasswordHasher(hashers.Argon2PasswordHasher):
    """Django's, in turns: whoever comes beyond the limit waits for a fraction of a second."""

    def encode(self, password: str, salt: str) -> str:
        with _turns:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turns:
            return super().verify(password, encoded)
