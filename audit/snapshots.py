"""What the log keeps of an object: the fields named by its model's `audited`, and no other.

An allowlist: a new field is not in the log until somebody says that it may be. Passwords, second factors,
external IDs and other secrets are in none of these lists (tests/audit/test_coverage.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar, Protocol, cast

from django.db.models import Model

Values = dict[str, Any]


class Audited(Protocol):
    """What a model says of itself: the fields that the log may hold, and what it is called there."""

    audited: ClassVar[Sequence[str]]
    audit_kind: ClassVar[str]


def take_snapshot(obj: Model) -> Values:
    """{field: value} of the object as it is, as JSON holds it; relations by their objects' names."""
    return {name: _read(obj, name) for name in cast("Audited", obj).audited}


def keep_changes(before: Values, after: Values) -> tuple[Values, Values]:
    """Both without the fields that are equal in both."""
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in changed if name in before},
        {name: after[name] for name in changed if name in after},
    )


def _read(obj: Model, name: str) -> Any:
    field = obj._meta.get_field(name)
    if field.many_to_many:
        return sorted(map(str, getattr(obj, name).all())) if obj.pk else []
    if field.is_relation:
        related = getattr(obj, name)
        return None if related is None else str(related)
    return _to_json(getattr(obj, name))


def _to_json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")  # 2.50 is what 2.5 was
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)
