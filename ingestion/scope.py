"""What a run reads again, beside what is new or changed: that comes in with every run."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from ingestion.models import FileDay, Run, SourceFile

Kind = Run.Scope


@dataclass(frozen=True, slots=True)
class Scope:
    """Which of the stored files are read again. A file is read as a whole, whatever dates it holds."""

    kind: str = Kind.CHANGED
    since: date | None = None  # for SINCE: files that hold dates from this one on
    keys: tuple[str, ...] = ()  # for NAMED


WHAT_CHANGED = Scope()
EVERYTHING = Scope(Kind.ALL)
REJECTED = Scope(Kind.REJECTED)


def read_since(day: date) -> Scope:
    return Scope(Kind.SINCE, since=day)


def read_named(keys: Iterable[str]) -> Scope:
    return Scope(Kind.NAMED, keys=tuple(keys))


def get_scope(run: Run) -> Scope:
    """The scope that a run was asked for with."""
    return Scope(run.scope, run.scope_from, tuple(run.scope_keys))


def as_fields(scope: Scope) -> dict[str, Any]:
    """A Run's fields."""
    return {"scope": scope.kind, "scope_from": scope.since, "scope_keys": list(scope.keys)}


def select_again(scope: Scope, stored: Collection[SourceFile]) -> set[str]:
    """The keys of those of the stored files that the scope reads again."""
    match scope.kind:
        case Kind.ALL:
            return {file.key for file in stored}
        case Kind.REJECTED:
            return {file.key for file in stored if file.rows_rejected}
        case Kind.NAMED:
            return {file.key for file in stored} & set(scope.keys)
        case Kind.SINCE:
            days = FileDay.objects.filter(source_file__in=stored, date__gte=scope.since)
            return set(days.values_list("source_file__key", flat=True))
    return set()
