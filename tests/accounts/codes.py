"""An authenticator app."""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.utils import timezone

from accounts.encryption import decrypt
from accounts.models import SecondFactor, User


def make_code(user: User, *, now: datetime | None = None, steps: int = 0) -> str:
    """What the person's app shows, `steps` times 30 seconds from now."""
    secret = bytes.fromhex(decrypt(SecondFactor.objects.get(user=user).secret))
    moment = int((now or timezone.now()).timestamp()) + 30 * steps
    return TOTP(secret, 6, SHA1(), 30).generate(moment).decode()  # noqa: S303 (as apps do)
