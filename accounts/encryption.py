"""Reversible encryption of secrets with SECRET_KEY, before they reach the database."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotDecrypt(Exception):
    """Encrypted with a key that is neither SECRET_KEY nor one of SECRET_KEY_FALLBACKS."""


def encrypt(text: str) -> str:
    return _cipher().encrypt(text.encode()).decode()


def decrypt(encrypted: str) -> str:
    """Raises CannotDecrypt."""
    try:
        return _cipher().decrypt(encrypted.encode()).decode()
    except InvalidToken:
        raise CannotDecrypt from None


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [Fernet(urlsafe_b64encode(sha256(f"sealing:{key}".encode()).digest())) for key in keys]
    )
