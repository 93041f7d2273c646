"""Whose a sign-in is: a person belongs to nobody until they have shown that they own their e-mail address.

They show it by following a link that was mailed there, or by single sign-on whose provider has verified the
address; an operator's command line is believed. Whatever was set before that may be somebody else's, who gave
the address first: it is forgotten at that moment.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.journal import record_about_person
from accounts.models import RecoveryCode, SecondFactor, User
from accounts.notices import tell_owner
from accounts.sessions import end_sessions


def has_shown_address(user: User) -> bool:
    """Operators too: other operators have made them."""
    return user.address_verified_at is not None or user.is_staff


def is_nobodys(user: User) -> bool:
    """Whether nothing hangs on the sign-in: no account, no address shown, no identity, no administration."""
    return not has_shown_address(user) and not user.memberships.exists() and not user.identities.exists()


def has_way_in(user: User) -> bool:
    """Whether the person can sign in by anything."""
    return user.has_usable_password() or user.identities.exists()


@transaction.atomic
def show_address(*, user: User, now: datetime) -> None:
    """The person has shown that the address is theirs. The first time, what was set before is forgotten."""
    if has_shown_address(user):
        return
    forget_what_was_set(user=user)
    user.address_verified_at = now
    user.save(update_fields=["address_verified_at"])
    record_about_person("person.address_shown", user=user)


@transaction.atomic
def forget_what_was_set(*, user: User) -> None:
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
