"""Audit entries about a person's sign-in: for our operators, partly for the person, never for an account.

A person may belong to several accounts. An account sees what they do in it and what happens to their
membership, not when and from where they sign in.
"""

from __future__ import annotations

from accounts.models import User
from audit.services import Target, record_in_each
from audit.snapshots import Values


def record_about_person(
    action: str, *, user: User, before: Values | None = None, after: Values | None = None
) -> None:
    """The current origin is the actor."""
    _record(action, target=_name(user.email, user.pk), before=before, after=after)


def record_by_person(action: str, *, user: User) -> None:
    """The person is the actor, also while nobody is signed in."""
    _record(action, target=_name(user.email, user.pk), actor=user)


def record_locked_out(*, email: str) -> None:
    """Sign-in to that address is locked. Takes the same number of queries for an unknown address."""
    number = User.objects.filter(email=email).values_list("pk", flat=True).first()
    _record("person.locked_out", target=_name(email, number))


def record_locked_network(network: str) -> None:
    """Sign-in from that network is locked; for our operators."""
    _record("network.locked_out", target=Target(kind="network", id="", name=network or "unknown"))


def _record(action: str, *, target: Target, **more: Values | User | None) -> None:
    record_in_each(action, account_ids=[None], target=target, **more)


def _name(email: str, number: int | None) -> Target:
    return Target(kind=User.audit_kind, id=str(number or ""), name=email)
