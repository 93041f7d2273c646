"""Writing the log; nothing here changes or deletes an entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Model
from django.utils import timezone

from audit.models import Entry
from audit.origin import get_origin
from audit.snapshots import Audited, Values, keep_changes


@dataclass(frozen=True, slots=True)
class Target:
    """The target of an action that is not a database object."""

    kind: str
    id: str
    name: str


def record(
    action: str,
    *,
    account: Model | None,
    target: Model | Target,
    before: Values | None = None,
    after: Values | None = None,
    actor: Model | None = None,
) -> None:
    """Add an entry, in the transaction of the act itself: both are kept, or neither is.

    `action` is the object's kind and what happened to it: "endpoint.created". Of `before` and `after` only
    what differs is kept. `actor` is the person, where that is not the one signed in.
    """
    record_in_each(
        action,
        account_ids=[None if account is None else account.pk],
        target=target,
        before=before,
        after=after,
        actor=actor,
    )


def record_in_each(
    action: str,
    *,
    account_ids: Iterable[int | None],
    target: Model | Target,
    before: Values | None = None,
    after: Values | None = None,
    actor: Model | None = None,
) -> None:
    """As `record`, an entry an account: what concerns a person concerns every account that they belong to."""
    thing = target if isinstance(target, Target) else identify(target)
    old, new = keep_changes(before or {}, after or {})
    fields: dict[str, Any] = {
        "at": timezone.now(),
        "action": action,
        "object_type": thing.kind,
        "object_id": thing.id,
        "object_name": thing.name[:254],
        "before": old,
        "after": new,
        **_describe_origin(actor),
    }
    Entry.objects.bulk_create(Entry(account_id=account_id, **fields) for account_id in account_ids)


def identify(obj: Model) -> Target:
    """The object as pages name it: by its public id, else its slug, else its number."""
    public = getattr(obj, "public_id", None) or getattr(obj, "slug", None) or obj.pk
    return Target(kind=cast("Audited", obj).audit_kind, id=str(public), name=str(obj))


def _describe_origin(actor: Model | None) -> dict[str, Any]:
    origin = get_origin()
    return {
        "actor": str(actor or origin.actor)[:254],
        "actor_id": actor.pk if actor else origin.actor_id,
        "via": origin.via,
        "address": origin.address,
        "agent": origin.agent[:200],
    }
