"""Entries about a person: in the log of every account that they belong to at that moment."""

from __future__ import annotations

from accounts.models import Membership, User
from audit.services import Thing, record_in_each
from audit.snapshots import Values


def record_about_person(
    action: str, *, user: User, before: Values | None = None, after: Values | None = None
) -> None:
    """By whoever acts. Where the person belongs to no account, our operators alone see it."""
    _record(action, user=user, before=before, after=after)


def record_own(action: str, *, user: User) -> None:
    """What the person does themselves, while nobody is signed in yet or any more."""
    _record(action, user=user, actor=user)


def record_locked_out(*, email: str) -> None:
    """Nobody is let in as that person for a while. As many queries whether the address is known or not."""
    account_ids = Membership.objects.filter(user__email=email).values_list("account_id", flat=True)
    record_in_each("person.locked_out", account_ids=list(account_ids) or [None], target=_name(email))


def record_locked_network(network: str) -> None:
    """Nobody is let in from there for a while: our operators' matter."""
    thing = Thing(kind="network", id="", name=network or "unknown")
    record_in_each("network.locked_out", account_ids=[None], target=thing)


def _record(action: str, *, user: User, **more: Values | User | None) -> None:
    # Every membership: one query, of the person and not of what the caller happens to know.
    account_ids = Membership.objects.filter(user=user).values_list("account_id", flat=True)
    record_in_each(action, account_ids=list(account_ids) or [None], target=_name(user.email), **more)


def _name(email: str) -> Thing:
    """A person as the log names them; their number is ours alone."""
    return Thing(kind=User.audit_kind, id="", name=email)
