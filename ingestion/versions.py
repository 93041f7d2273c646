"""What becomes of a file's versions: begun, then published in one transaction, or failed, ignored, given up.

This module and `ingestion.staging` are the writers of SourceFile, FileDay and RejectedDay. What the version
holds beside its dates is written by the dataset's writer, and counts once its dates do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from core.locks import lock_rows
from core.updating import update_each
from endpoints.objects import S3Object
from ingestion.datasets import Reader, get_dataset
from ingestion.locks import lock_source
from ingestion.models import FileDay, RejectedDay, Source, SourceFile

State = SourceFile.State
IN_FORCE = (State.STORED, State.FAILED, State.IGNORED)


class LoadLost(Exception):
    """Another reader has taken over this file: what was written here does not count and never will."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A version that has been read to its end, and how many points it holds."""

    source_file: SourceFile
    reader: Reader
    points: int


def begin_loads(*, source: Source, versions: Sequence[S3Object]) -> list[SourceFile]:
    """Versions that are about to be read. Whoever was reading one of the keys before has lost it."""
    with transaction.atomic():
        _clear_abandoned(source, [version.key for version in versions])
        return SourceFile.objects.bulk_create(_make(source, version) for version in versions)


def complete_loads(*, loads: Sequence[Loaded], now: datetime) -> None:
    """Make what the files hold count in place of their earlier versions', all at once. Raises LoadLost.

    The files are of one source and what they hold is written.
    """
    with transaction.atomic(savepoint=False):
        source = lock_source(loads[0].source_file.source_id)
        dates = _write_days(loads)
        dates |= _replace(source, [load.source_file.key for load in loads])
        _keep(loads, state=State.STORED, now=now)
        read = {load.source_file.pk: load.reader for load in loads}
        get_dataset(source.kind).publish(source, dates=dates, read=read)


def stage_loads(*, loads: Sequence[Loaded], now: datetime) -> None:
    """Keep what the files came to without its counting yet (`ingestion.staging`). Raises LoadLost."""
    with transaction.atomic(savepoint=False):
        _write_days(loads, counting=False)
        _keep(loads, state=State.STAGED, now=now)


def fail_load(*, source_file: SourceFile, message: str, rows_read: int = 0, rows_rejected: int = 0) -> None:
    """The version cannot be used; what is stored of the key stays. Raises LoadLost."""
    _end_unused(
        source_file, state=State.FAILED, message=message, rows_read=rows_read, rows_rejected=rows_rejected
    )


def ignore_load(*, source_file: SourceFile, message: str) -> None:
    """The version turned out to be no file to read; what is stored of the key stays. Raises LoadLost."""
    _end_unused(source_file, state=State.IGNORED, message=message)


def drop_load(*, source_file: SourceFile, message: str, **counts: int) -> None:
    """The version counts for nothing, neither stored nor failed: it is gone, or only a preview read it.

    Raises LoadLost.
    """
    _delete_data([source_file])
    _settle(source_file, state=State.SUPERSEDED, message=message, **counts)


def note_unread(*, source: Source, version: S3Object, state: str, message: str) -> None:
    """An object that is not even begun, IGNORED or FAILED, and why. What an earlier version stored counts."""
    with transaction.atomic():
        lock_source(source.pk)
        _supersede(source, version.key, State.FAILED, State.IGNORED)
        _make(source, version, state=state, message=message).save()


def take_back(*, source_file: SourceFile) -> None:
    """A failed or ignored version is no longer the newest of its key."""
    SourceFile.objects.filter(pk=source_file.pk).update(state=State.SUPERSEDED)


def move_modified(*, source_file: SourceFile, last_modified: datetime) -> None:
    """The same content was uploaded again: only its place among files that overlap changes."""
    with transaction.atomic():
        source = lock_source(source_file.source_id)
        SourceFile.objects.filter(pk=source_file.pk).update(last_modified=last_modified)
        dates = set(source_file.days.values_list("date", flat=True))
        get_dataset(source.kind).publish(source, dates=dates)


def abandon_loads(*, source_files: Sequence[SourceFile]) -> None:
    """Leave the reading of these files, or what was written for them after somebody had taken them over."""
    pks = [source_file.pk for source_file in source_files]
    reading = SourceFile.objects.filter(pk__in=pks, state=State.READING)
    with transaction.atomic():
        lock_rows(reading)
        reading.update(state=State.SUPERSEDED)
    _delete_data(SourceFile.objects.filter(pk__in=pks, state=State.SUPERSEDED).select_related("source"))


def _make(source: Source, version: S3Object, **fields: str) -> SourceFile:
    return SourceFile(source=source, version=version, **fields)  # type: ignore[misc]  # a property


def _end_unused(source_file: SourceFile, **fields: object) -> None:
    _delete_data([source_file])  # it does not count, so nobody sees it go
    with transaction.atomic():
        lock_source(source_file.source_id)
        _supersede(source_file.source, source_file.key, State.FAILED, State.IGNORED)
        _settle(source_file, **fields)


def _supersede(source: Source, key: str, *states: str) -> None:
    SourceFile.objects.filter(source=source, key=key, state__in=states).update(state=State.SUPERSEDED)


def _keep(loads: Sequence[Loaded], *, state: str, now: datetime) -> None:
    """End the reading of these files. Raises LoadLost where somebody else has taken one over."""
    stored = update_each(
        SourceFile,
        [
            (
                {"id": load.source_file.pk, "state": State.READING},
                {
                    "state": state,
                    "rows_read": load.reader.rows_read,
                    "rows_rejected": load.reader.rows_rejected,
                    "rejected_undated": load.reader.rows_rejected - sum(load.reader.rejected_by_day.values()),
                    "points": load.points,
                    "imported_at": now,
                },
            )
            for load in loads
        ],
    )
    if stored != len(loads):
        raise LoadLost(", ".join(load.source_file.key for load in loads))


def _settle(source_file: SourceFile, **fields: object) -> None:
    """End the reading of a file. Zero rows changed means that somebody else has taken it over."""
    if not SourceFile.objects.filter(pk=source_file.pk, state=State.READING).update(**fields):
        raise LoadLost(source_file.key)
    for name, value in fields.items():
        setattr(source_file, name, value)


def _clear_abandoned(source: Source, keys: Sequence[str]) -> None:
    """Remove what a reader of these keys has left half written, or is writing: it has lost the files."""
    begun = SourceFile.objects.filter(source=source, key__in=keys, state=State.READING)
    pks = list(begun.values_list("pk", flat=True))
    if pks:
        lock_rows(begun)
        SourceFile.objects.filter(pk__in=pks).update(state=State.SUPERSEDED)
        get_dataset(source.kind).delete_data(pks)


def _replace(source: Source, keys: Sequence[str]) -> set[date]:
    """Let the versions that are in force give way; the dates of the stored ones, whose data are deleted."""
    before = SourceFile.objects.filter(source=source, key__in=keys, state__in=IN_FORCE)
    old = dict(before.values_list("pk", "state"))
    if not old:
        return set()
    SourceFile.objects.filter(pk__in=list(old)).update(state=State.SUPERSEDED)
    stored = [pk for pk, state in old.items() if state == State.STORED]
    held = FileDay.objects.filter(source_file__in=stored)
    dates = set(held.values_list("date", flat=True))
    held.delete()
    RejectedDay.objects.filter(source_file__in=stored).delete()
    if stored:
        get_dataset(source.kind).delete_data(stored)
    return dates


def _delete_data(source_files: Sequence[SourceFile] | QuerySet[SourceFile]) -> None:
    """Of files of one source."""
    pks = [source_file.pk for source_file in source_files]
    if pks:
        get_dataset(source_files[0].source.kind).delete_data(pks)


def _write_days(loads: Sequence[Loaded], *, counting: bool = True) -> set[date]:
    days: list[FileDay] = []
    for load in loads:
        sums = load.reader.sum_by_day()
        days += (
            FileDay(
                source_file=load.source_file,
                source_id=load.source_file.source_id if counting else None,
                date=day,
                rows=rows,
                value=sums[day],
            )
            for day, rows in sorted(load.reader.rows_by_day.items())
        )
    FileDay.objects.bulk_create(days)
    RejectedDay.objects.bulk_create(
        RejectedDay(
            source_file=load.source_file,
            source_id=load.source_file.source_id if counting else None,
            date=day,
            rows=rows,
        )
        for load in loads
        for day, rows in sorted(load.reader.rejected_by_day.items())
    )
    return {day.date for day in days}
