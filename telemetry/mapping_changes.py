"""Other dimensions, another overlap rule: shown by a preview, then applied to all that a telemetry holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from django.core.exceptions import ValidationError

from accounts.models import User
from audit.snapshots import Values
from ingestion.models import Run
from ingestion.scope import EVERYTHING, WHAT_CHANGED, get_scope
from ingestion.services import request_run
from telemetry.columns import check_known
from telemetry.models import MappingChange, Telemetry
from telemetry.selectors import list_dimensions
from telemetry.services import check_dimensions

_DIFFERENCES = [f"{what}_{how}" for what in ("days", "values") for how in ("added", "changed", "gone")]


@dataclass(frozen=True, slots=True)
class Change:
    """Of `telemetry`, for all that it holds (ingestion.services.Changeover). None: as it is.

    `keeps_unreadable`: files that cannot be read again may keep counting, with nothing under a new dimension.
    """

    telemetry: Telemetry
    dimensions: tuple[str, ...] | None = None
    overlap: str | None = None
    keeps_unreadable: bool = False

    @property
    def reads_files(self) -> bool:
        """Another overlap rule alone adds the stored points up anew."""
        return self.dimensions is not None

    def check(self) -> None:
        """Whether it can be made, and is a change. Raises ValidationError."""
        held = tuple(list_dimensions(telemetry=self.telemetry))
        if self.dimensions is not None:
            check_dimensions(telemetry=self.telemetry, dimensions=self.dimensions)
        if self.dimensions in (None, held) and self.overlap in (None, self.telemetry.overlap):
            raise ValidationError(
                "The dimensions and the overlap rule are these already. Change one of them."
            )
        if self.dimensions is not None:
            check_known(telemetry=self.telemetry, dimensions=self.dimensions)

    def keep(self, run: Run) -> None:
        MappingChange.objects.create(
            run=run,
            dimensions=None if self.dimensions is None else list(self.dimensions),
            overlap=self.overlap or "",
            keeps_unreadable=self.keeps_unreadable,
        )

    def describe(self) -> tuple[Values, Values]:
        """What it would replace, and by what, for the audit log."""
        before: Values = {}
        after: Values = {}
        if self.dimensions is not None:
            before["dimensions"] = list_dimensions(telemetry=self.telemetry)
            after |= {"dimensions": list(self.dimensions), "keeps_unreadable": self.keeps_unreadable}
        if self.overlap is not None:
            before["overlap"], after["overlap"] = self.telemetry.overlap, self.overlap
        return before, after


def as_options(change: Change) -> dict[str, Any]:
    """ingestion.services.create_run's. By other dimensions every file is read."""
    return {"changeover": change, "scope": EVERYTHING if change.reads_files else WHAT_CHANGED}


def get_change(*, run: Run, telemetry: Telemetry) -> Change | None:
    """What the run was asked to change."""
    if not run.is_changeover:
        return None
    kept = run.mapping_change
    dimensions = None if kept.dimensions is None else tuple(kept.dimensions)
    return Change(telemetry, dimensions, kept.overlap or None, kept.keeps_unreadable)


def get_dimensions(*, run: Run) -> list[str] | None:
    """By which the run reads files, where these are others than the telemetry's."""
    return run.mapping_change.dimensions if run.is_changeover else None


def get_overlap(*, run: Run) -> str:
    """The overlap rule that holds once the run has ended."""
    changed = run.mapping_change.overlap if run.is_changeover else ""
    return changed or run.source.specific.overlap


def adds_dimension(*, run: Run, telemetry: Telemetry) -> bool:
    """Whether it reads a column that the telemetry has no values of."""
    return bool(set(get_dimensions(run=run) or ()) - set(list_dimensions(telemetry=telemetry)))


def list_dropped(*, run: Run, telemetry: Telemetry) -> list[str]:
    """The dimensions that are none any more once the run has ended."""
    dimensions = get_dimensions(run=run)
    if dimensions is None:
        return []
    return [column for column in list_dimensions(telemetry=telemetry) if column not in dimensions]


def reason_not_to_apply(preview: Run) -> str:
    """Why what an ended preview showed is not worth applying, and the remedy; empty where it is."""
    if preview.files_failed and not preview.files_read:
        files = "The only file" if preview.files_failed == 1 else f"All {preview.files_failed:,} files"
        mend = "Correct what the messages below name, then preview again."
        return f"{files} failed, so there is nothing to apply. {mend}"
    changes = cast("dict[str, Any]", preview.changes)  # its run has ended
    if preview.is_changeover or any(changes[count] for count in _DIFFERENCES):
        return ""
    return "Nothing would change, so there is nothing to apply."


def apply_preview(
    *,
    preview: Run,
    telemetry: Telemetry,
    keeps_unreadable: bool,
    now: datetime,
    requested_by: User | None,
) -> Run:
    """Do what the preview showed: a run of its scope and change, on the queue. Raises ValidationError."""
    if preview.changes is None:
        raise ValidationError("There is nothing to apply: the preview has not ended, or has failed.")
    if reason := reason_not_to_apply(preview):
        raise ValidationError(reason)
    if preview.changes["needs_consent"] and not keeps_unreadable:
        raise ValidationError(
            "Some files cannot be read again. Agree that they keep counting with an empty value under the "
            "new dimension, or put them back and preview again."
        )
    change = get_change(run=preview, telemetry=telemetry)
    return request_run(
        source=telemetry,
        now=now,
        requested_by=requested_by,
        scope=get_scope(preview),
        changeover=change and replace(change, keeps_unreadable=keeps_unreadable),
        preview=preview,
    )
