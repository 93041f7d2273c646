"""Validation of addresses and roles."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.roles import ROLE_PERMISSIONS


def check_email(email: str) -> None:
    """Raises ValidationError keyed by `email`."""
    try:
        User._meta.get_field("email").run_validators(email)
    except ValidationError:
        raise ValidationError(
            {"email": f'"{email}" is not an e-mail address. Give one in the form name@example.com.'}
        ) from None


def check_role(role: str) -> None:
    """Raises ValidationError keyed by `role`."""
    if role not in ROLE_PERMISSIONS:
        raise ValidationError({"role": f'Unknown role "{role}". Choose {", ".join(ROLE_PERMISSIONS)}.'})
