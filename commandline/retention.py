"""Data retention: each app registers what it stores, and for how long.

`manage.py prune` and the schedule remove it. An app registers when it is ready:

    register_kept("drafts", after="DRAFT_DAYS", find=list_old_drafts)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from audit.services import Target, record

BATCH_SIZE = 1_000  # rows of one transaction


@dataclass(frozen=True, slots=True)
class Kept:
    """`find(now)` finds what has expired by then; `after` says when, in words or by a setting's name."""

    name: str
    after: str
    find: Callable[[datetime], QuerySet[Any]]


_registered: dict[str, Kept] = {}


def register_kept(name: str, *, after: str, find: Callable[[datetime], QuerySet[Any]]) -> None:
    """Once a name; `find` gets the moment from which is counted, and reads the setting then."""
    _registered[name] = Kept(name, after, find)


def list_kept() -> list[Kept]:
    return [_registered[name] for name in sorted(_registered)]


def count_old(*, now: datetime) -> dict[str, int]:
    """What `prune` would remove, by name."""
    return {kept.name: kept.find(now).count() for kept in list_kept()}


def prune(*, now: datetime) -> dict[str, int]:
    """Remove expired rows, in batches; returns how many, by name. Idempotent."""
    removed = {kept.name: _remove(kept.find(now)) for kept in list_kept()}
    found = {name: number for name, number in removed.items() if number}
    if found:
        record("retention.pruned", account=None, target=Target("retention", "", "prune"), after=found)
    return removed


def _remove(rows: QuerySet[Any]) -> int:
    removed = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH_SIZE]):
        # The same question once more: what was used again since then stays.
        removed += rows.filter(pk__in=keys).delete()[1].get(rows.model._meta.label, 0)
        rows = rows.filter(pk__gt=keys[-1])
    return removed
