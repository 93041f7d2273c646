"""Writing the data of source files: points that do not count yet, then one transaction in which they do.

This module and `telemetry.staging` are the writers of SourceFile, FileDay, RejectedDay, PointBlock
and DailyTotal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl
from django.db import connection, transaction

from core.locks import lock_rows
from core.updating import update_each
from csvfiles.totals import FileTotals
from telemetry.blocks import BlockWriter
from telemetry.counting import PointCount
from telemetry.daily_totals import refresh_daily_totals
from telemetry.locks import lock_telemetry
from telemetry.models import DataPoint, FileDay, PointBlock, RejectedDay, SourceFile, Telemetry
from telemetry.series import SeriesIds

State = SourceFile.State


class LoadLost(Exception):
    """Another reader has taken over this file: what was written here does not count and never will."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading a whole file came to."""

    rows_read: int
    rows_rejected: int
    rows_by_day: Mapping[date, int]  # accepted rows
    totals: FileTotals
    rejected_by_day: Mapping[date, int] = field(default_factory=dict)

    @property
    def rejected_undated(self) -> int:
        return self.rows_rejected - sum(self.rejected_by_day.values())


@dataclass(frozen=True, slots=True)
class Version:
    """An object as it was listed; `size` in bytes."""

    key: str
    etag: str
    size: int
    last_modified: datetime


class Load:
    """The points of one source file that is being read, on their way into the database batch by batch."""

    def __init__(self, source_file: SourceFile, series: SeriesIds, writer: BlockWriter) -> None:
        self.source_file = source_file
        self._series, self._writer = series, writer
        self._series_ids = pl.Series([], dtype=pl.Int64)  # by the number of the combination in the file
        self._parts = 0
        self._count = PointCount()

    def add(self, *, points: pl.DataFrame, combinations: pl.DataFrame) -> None:
        """Write a batch of csvfiles.read. Raises LoadLost."""
        file = self.source_file
        if self._parts and not SourceFile.objects.filter(pk=file.pk, state=State.READING).exists():
            raise LoadLost(file.key)
        if combinations.height:
            self._series_ids.extend(self._series.find(combinations.drop("combination")))
        series = self._series_ids.gather(points["combination"]).alias("series_id")
        rows = points.select(pl.col("day").alias("date"), series, "value")
        self._writer.add(rows, source_file_id=file.pk, part=self._parts)
        self._count.add(rows)
        self._parts += 1

    def finish(self, outcome: Outcome) -> Loaded:
        """The whole file has been added."""
        return Loaded(self.source_file, outcome, self._count_points())

    def discard(self) -> None:
        """Forget what is not written yet."""
        self._writer.discard(source_file_id=self.source_file.pk)

    def _count_points(self) -> int:
        """How many dates and series the file holds."""
        if not self._count.unsure:
            return self._count.sure
        self._writer.flush()
        points = DataPoint.objects.filter(source_file=self.source_file, date__in=self._count.unsure)
        return self._count.sure + points.values("date", "series_id").distinct().count()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A source file that has been read to its end."""

    source_file: SourceFile
    outcome: Outcome
    points: int  # dates and series


def begin_loads(*, telemetry: Telemetry, versions: Sequence[Version]) -> list[SourceFile]:
    """Versions that are about to be read. Whoever was reading one of the keys before has lost it."""
    with transaction.atomic():
        _clear_abandoned(telemetry, [version.key for version in versions])
        return SourceFile.objects.bulk_create(
            SourceFile(
                telemetry=telemetry,
                key=version.key,
                etag=version.etag,
                size=version.size,
                last_modified=version.last_modified,
            )
            for version in versions
        )


def complete_loads(*, loads: Sequence[Loaded], now: datetime) -> None:
    """Make the files' points count in place of their earlier versions', all at once. Raises LoadLost.

    The files are of one telemetry and their points are written.
    """
    with transaction.atomic(savepoint=False):
        telemetry = lock_telemetry(loads[0].source_file.telemetry_id)
        days = _write_days(loads)
        days |= _replace(telemetry, [load.source_file.key for load in loads])
        _keep(loads, state=State.STORED, now=now)
        files = {load.source_file.pk: load.outcome.totals for load in loads}
        refresh_daily_totals(telemetry=telemetry, dates=days, loaded=files)


def stage_loads(*, loads: Sequence[Loaded], now: datetime) -> None:
    """Keep what the files came to without its counting yet (`telemetry.staging`). Raises LoadLost."""
    with transaction.atomic(savepoint=False):
        _write_days(loads, counting=False)
        _keep(loads, state=State.STAGED, now=now)


def fail_load(*, source_file: SourceFile, message: str, rows_read: int = 0, rows_rejected: int = 0) -> None:
    """The version cannot be used; what is stored of the key stays. Raises LoadLost."""
    _delete_points([source_file.pk])  # they do not count, so nobody sees them go
    with transaction.atomic():
        lock_telemetry(source_file.telemetry_id)
        _supersede(source_file.telemetry, source_file.key, State.FAILED, State.IGNORED)
        _settle(
            source_file,
            state=State.FAILED,
            message=message,
            rows_read=rows_read,
            rows_rejected=rows_rejected,
        )


def ignore_load(*, source_file: SourceFile, message: str) -> None:
    """The version turned out to be no file to read; what is stored of the key stays. Raises LoadLost."""
    _delete_points([source_file.pk])
    with transaction.atomic():
        lock_telemetry(source_file.telemetry_id)
        _supersede(source_file.telemetry, source_file.key, State.FAILED, State.IGNORED)
        _settle(source_file, state=State.IGNORED, message=message)


def drop_load(*, source_file: SourceFile, message: str) -> None:
    """The version is gone before it could be read: it is neither stored nor failed. Raises LoadLost."""
    _delete_points([source_file.pk])
    _settle(source_file, state=State.SUPERSEDED, message=message)


def note_unread(
    *, telemetry: Telemetry, key: str, etag: str, size: int, last_modified: datetime, state: str, message: str
) -> None:
    """An object that is not even begun, IGNORED or FAILED, and why. What an earlier version stored counts."""
    with transaction.atomic():
        lock_telemetry(telemetry.pk)
        _supersede(telemetry, key, State.FAILED, State.IGNORED)
        SourceFile.objects.create(
            telemetry=telemetry,
            key=key,
            etag=etag,
            size=size,
            last_modified=last_modified,
            state=state,
            message=message,
        )


def take_back(*, source_file: SourceFile) -> None:
    """A failed or ignored version is no longer the newest of its key."""
    SourceFile.objects.filter(pk=source_file.pk).update(state=State.SUPERSEDED)


def move_modified(*, source_file: SourceFile, last_modified: datetime) -> None:
    """The same content was uploaded again: only its place among files that overlap changes."""
    with transaction.atomic():
        telemetry = lock_telemetry(source_file.telemetry_id)
        SourceFile.objects.filter(pk=source_file.pk).update(last_modified=last_modified)
        days = source_file.days.values_list("date", flat=True)
        refresh_daily_totals(telemetry=telemetry, dates=days)


def abandon_loads(*, source_files: Sequence[SourceFile]) -> None:
    """Leave the reading of these files, or what was written for them after somebody had taken them over."""
    pks = [source_file.pk for source_file in source_files]
    reading = SourceFile.objects.filter(pk__in=pks, state=State.READING)
    with transaction.atomic():
        lock_rows(reading)
        reading.update(state=State.SUPERSEDED)
    lost = SourceFile.objects.filter(pk__in=pks, state=State.SUPERSEDED).values_list("pk", flat=True)
    _delete_points(list(lost))


def _supersede(telemetry: Telemetry, key: str, *states: str) -> None:
    SourceFile.objects.filter(telemetry=telemetry, key=key, state__in=states).update(state=State.SUPERSEDED)


def _keep(loads: Sequence[Loaded], *, state: str, now: datetime) -> None:
    """End the reading of these files. Raises LoadLost where somebody else has taken one over."""
    stored = update_each(
        SourceFile,
        [
            (
                {"id": load.source_file.pk, "state": State.READING},
                {
                    "state": state,
                    "rows_read": load.outcome.rows_read,
                    "rows_rejected": load.outcome.rows_rejected,
                    "rejected_undated": load.outcome.rejected_undated,
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


def _clear_abandoned(telemetry: Telemetry, keys: Sequence[str]) -> None:
    """Remove what a reader of these keys has left half written, or is writing: it has lost the files."""
    begun = SourceFile.objects.filter(telemetry=telemetry, key__in=keys, state=State.READING)
    pks = list(begun.values_list("pk", flat=True))
    if pks:
        lock_rows(begun)
        SourceFile.objects.filter(pk__in=pks).update(state=State.SUPERSEDED)
        _delete_points(pks)


def _replace(telemetry: Telemetry, keys: Sequence[str]) -> set[date]:
    """Let the versions that are in force give way; the dates of the stored ones, whose points are deleted."""
    states = (State.STORED, State.FAILED, State.IGNORED)
    before = SourceFile.objects.filter(telemetry=telemetry, key__in=keys, state__in=states)
    old = dict(before.values_list("pk", "state"))
    if not old:
        return set()
    SourceFile.objects.filter(pk__in=list(old)).update(state=State.SUPERSEDED)
    stored = [pk for pk, state in old.items() if state == State.STORED]
    held = FileDay.objects.filter(source_file__in=stored)
    days = set(held.values_list("date", flat=True))
    held.delete()
    RejectedDay.objects.filter(source_file__in=stored).delete()
    _delete_points(stored)
    return days


def _delete_points(source_files: Sequence[int]) -> None:
    if source_files:
        blocks = PointBlock.objects.filter(source_file__in=source_files)
        blocks._raw_delete(using=connection.alias)


def _write_days(loads: Sequence[Loaded], *, counting: bool = True) -> set[date]:
    days = [
        FileDay(
            source_file=load.source_file,
            telemetry_id=load.source_file.telemetry_id if counting else None,
            date=day,
            rows=rows,
            value=load.outcome.totals.overall[day],
        )
        for load in loads
        for day, rows in sorted(load.outcome.rows_by_day.items())
    ]
    FileDay.objects.bulk_create(days)
    RejectedDay.objects.bulk_create(
        RejectedDay(
            source_file=load.source_file,
            telemetry_id=load.source_file.telemetry_id if counting else None,
            date=day,
            rows=rows,
        )
        for load in loads
        for day, rows in sorted(load.outcome.rejected_by_day.items())
    )
    return {day.date for day in days}
