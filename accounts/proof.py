"""Verified addresses: a person belongs to nobody until they have proved that they own their e-mail address.

They prove it by following a mailed link, or by single sign-on with an address verified by the provider; an
operator's command is trusted. Credentials set before may be those of somebody else who entered the address
first: they are removed at that moment.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.journal import record_about_person
from accounts.models import RecoveryCode, SecondFactor, User
from accounts.notices import tell_owner
from accounts.sessions import end_sessions


def has_verified_address(user: User) -> bool:
    """Operators count as verified: other operators created them."""
    return user.address_verified_at is not None or user.is_staff


def is_unclaimed(user: User) -> bool:
    """Whether the person has no account, no verified address, no identity and no staff rights."""
    return not has_verified_address(user) and not user.memberships.exists() and not user.identities.exists()


def can_sign_in(user: User) -> bool:
    """Whether the person has any means to sign in."""
    return user.has_usable_password() or user.identities.exists()


@transaction.atomic
def verify_address(*, user: User, now: datetime) -> None:
    """Note that the person owns the address. The first time, earlier credentials are removed."""
    if has_verified_address(user):
        return
    remove_credentials(user=user)
    user.address_verified_at = now
    user.save(update_fields=["address_verified_at"])
    record_about_person("person.address_shown", user=user)


@transaction.atomic
def remove_credentials(*, user: User) -> None:
    """Password, second factor, recovery codes, identities; every session ends."""
    had_factor = SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    user.identities.all().delete()
    user.set_unusable_password()
    user.save(update_fields=["password"])
    end_sessions(user=user)
    record_about_person("person.started_over", user=user)
    if had_factor:
        tell_owner(user, "second_factor_off")
