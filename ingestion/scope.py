"""What a run reads again, beside what is new or changed: that comes in with every run."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError

from ingestion.models import SyncRun
from telemetry.models import FileDay, SourceFile, Telemetry
from telemetry.selectors import list_dimensions
from telemetry.services import check_dimensions

Kind = SyncRun.Scope


@dataclass(frozen=True, slots=True)
class Scope:
    """Which of the stored files are read again. A file is read as a whole, whatever dates it holds."""

    kind: str = Kind.CHANGED
    since: date | None = None  # for SINCE: files that hold dates from this one on
    keys: tuple[str, ...] = ()  # for NAMED


@dataclass(frozen=True, slots=True)
class Change:
    """Other dimensions, another overlap rule, or both, for all that a telemetry holds. None: as it is.

    `keeps_unreadable`: files that cannot be read again may keep counting, with nothing under a new dimension.
    """

    dimensions: tuple[str, ...] | None = None
    overlap: str | None = None
    keeps_unreadable: bool = False


_DIFFERENCES = [f"{what}_{how}" for what in ("days", "values") for how in ("added", "changed", "gone")]

WHAT_CHANGED = Scope()
EVERYTHING = Scope(Kind.ALL)
REJECTED = Scope(Kind.REJECTED)


def read_since(day: date) -> Scope:
    return Scope(Kind.SINCE, since=day)


def read_named(keys: Iterable[str]) -> Scope:
    return Scope(Kind.NAMED, keys=tuple(keys))


def get_scope(run: SyncRun) -> Scope:
    """The scope that a run was asked for with."""
    return Scope(run.scope, run.scope_from, tuple(run.scope_keys))


def get_change(run: SyncRun) -> Change | None:
    """The change of the mapping that a run was asked for with."""
    if not run.changes_mapping:
        return None
    dimensions = None if run.new_dimensions is None else tuple(run.new_dimensions)
    return Change(dimensions, run.new_overlap or None, run.keeps_unreadable)


def check_change(*, telemetry: Telemetry, change: Change) -> None:
    """Whether the change can be made and is one. Raises ValidationError."""
    if change.dimensions is not None:
        check_dimensions(telemetry=telemetry, dimensions=change.dimensions)
    same_dimensions = change.dimensions in (None, tuple(list_dimensions(telemetry=telemetry)))
    if same_dimensions and change.overlap in (None, telemetry.overlap):
        raise ValidationError("The dimensions and the overlap rule are these already. Change one of them.")


def as_fields(scope: Scope, change: Change | None) -> dict[str, Any]:
    """A SyncRun's fields. By other dimensions every file is read; what stays the same is no change."""
    if change is not None and change.dimensions is not None:
        scope = EVERYTHING
    fields = {"scope": scope.kind, "scope_from": scope.since, "scope_keys": list(scope.keys)}
    if change is not None:
        fields |= {
            "new_dimensions": None if change.dimensions is None else list(change.dimensions),
            "new_overlap": change.overlap or "",
            "keeps_unreadable": change.keeps_unreadable,
        }
    return fields


def reason_not_to_apply(rehearsal: SyncRun) -> str:
    """Why what an ended rehearsal showed is not worth applying, and the remedy; empty where it is."""
    if rehearsal.files_failed and not rehearsal.files_read:
        files = "The only file" if rehearsal.files_failed == 1 else f"All {rehearsal.files_failed:,} files"
        mend = "Correct what the messages below name, then preview again."
        return f"{files} failed, so there is nothing to apply. {mend}"
    if rehearsal.changes_mapping or any(rehearsal.comparison[count] for count in _DIFFERENCES):
        return ""
    return "Nothing would change, so there is nothing to apply."


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
