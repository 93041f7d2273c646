"""Entries about a person and their sign-in: for our operators, and in part for the person; for no account.

A person may belong to several accounts: what one of them reads of a person is what they do in that account,
and what happens to their membership in it. When and from where they sign in is none of it.
"""

from __future__ import annotations

from accounts.models import User
from audit.services import Thing, record_in_each
from audit.snapshots import Values


def record_about_person(
    action: str, *, user: User, before: Values | None = None, after: Values | None = None
) -> None:
    """By whoever acts."""
    _record(action, target=_name(user.email, user.pk), before=before, after=after)


def record_own(action: str, *, user: User) -> None:
    """What the person does themselves, while nobody is signed in yet or any more."""
    _record(action, target=_name(user.email, user.pk), actor=user)


def record_locked_out(*, email: str) -> None:
    """Nobody is let in as that person for a while. As many queries whether the address is known or not."""
    number = User.objects.filter(email=email).values_list("pk", flat=True).first()
    _record("person.locked_out", target=_name(email, number))


def record_locked_network(network: str) -> None:
    """Nobody is let in from there for a while: our operators' matter."""
    _record("network.locked_out", target=Thing(kind="network", id="", name=network or "unknown"))


def _record(action: str, *, target: Thing, **more: Values | User | None) -> None:
    record_in_each(action, account_ids=[None], target=target, **more)


def _name(email: str, number: int | None) -> Thing:
    return Thing(kind=User.audit_kind, id=str(number or ""), name=email)
