"""Writing the data of source files: points that do not count yet, then one transaction in which they do.

This module is the one writer of SourceFile, FileDay, PointBlock and DailyTotal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
from django.db import connection, transaction

from csvfiles.totals import FileTotals
from telemetry.blocks import write_blocks
from telemetry.daily_totals import LoadedFile, refresh_daily_totals
from telemetry.models import DataPoint, FileDay, PointBlock, SourceFile, Telemetry
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


class Loader:
    """Writes the points of one source file that is being read, batch by batch."""

    def __init__(self, source_file: SourceFile, series: SeriesIds) -> None:
        self._file, self._series = source_file, series
        self._series_ids = pl.Series([], dtype=pl.Int64)  # by the number of the combination in the file
        self.parts = 0
        self._parts_by_day: Counter[date] = Counter()
        self._rows_by_day: Counter[date] = Counter()

    def add(self, *, points: pl.DataFrame, combinations: pl.DataFrame) -> None:
        """Write a batch of csvfiles.read. Raises LoadLost."""
        if self.parts and not SourceFile.objects.filter(pk=self._file.pk, state=State.READING).exists():
            raise LoadLost(self._file.key)
        if combinations.height:
            self._series_ids.extend(self._series.find(combinations.drop("combination")))
        series = self._series_ids.gather(points["combination"]).alias("series_id")
        write_blocks(
            points.select(pl.col("day").alias("date"), series, "value"),
            source_file_id=self._file.pk,
            part=self.parts,
        )
        self._parts_by_day.update(points["day"].unique())
        self._rows_by_day.update(dict(points.group_by("day").len().iter_rows()))
        self.parts += 1

    def count_points(self) -> int:
        """How many dates and series the file holds."""
        shared = [day for day, parts in self._parts_by_day.items() if parts > 1]
        points = DataPoint.objects.filter(source_file=self._file, date__in=shared)
        in_parts = points.values("date", "series_id").distinct().count() if shared else 0
        return self._rows_by_day.total() - sum(self._rows_by_day[day] for day in shared) + in_parts


def begin_load(
    *, telemetry: Telemetry, key: str, etag: str, size: int, last_modified: datetime
) -> SourceFile:
    """A version that is about to be read. Whoever was reading the key before has lost it."""
    with transaction.atomic():
        clear_abandoned(telemetry=telemetry, key=key)
        return SourceFile.objects.create(
            telemetry=telemetry, key=key, etag=etag, size=size, last_modified=last_modified
        )


def complete_load(*, source_file: SourceFile, outcome: Outcome, points: int, now: datetime) -> None:
    """Make the file's points count in place of its earlier version's, all at once. Raises LoadLost."""
    with transaction.atomic(savepoint=False):
        telemetry = _lock(source_file.telemetry_id)
        days = _write_days(source_file, outcome)
        before = SourceFile.objects.filter(telemetry=telemetry, key=source_file.key)
        for old in before.filter(state__in=(State.STORED, State.FAILED, State.IGNORED)):
            if old.state == State.STORED:
                days |= _remove_data(old)
            SourceFile.objects.filter(pk=old.pk).update(state=State.SUPERSEDED)
        _settle(
            source_file,
            state=State.STORED,
            rows_read=outcome.rows_read,
            rows_rejected=outcome.rows_rejected,
            points=points,
            imported_at=now,
        )
        refresh_daily_totals(
            telemetry=telemetry, dates=days, loaded=LoadedFile(source_file.pk, outcome.totals)
        )


def fail_load(*, source_file: SourceFile, message: str, rows_read: int = 0, rows_rejected: int = 0) -> None:
    """The version cannot be used; what is stored of the key stays. Raises LoadLost."""
    _delete_points(source_file)  # they do not count, so nobody sees them go
    with transaction.atomic():
        _lock(source_file.telemetry_id)
        _supersede(source_file.telemetry, source_file.key, State.FAILED, State.IGNORED)
        _settle(
            source_file,
            state=State.FAILED,
            message=message,
            rows_read=rows_read,
            rows_rejected=rows_rejected,
        )


def drop_load(*, source_file: SourceFile, message: str) -> None:
    """The version is gone before it could be read: it is neither stored nor failed. Raises LoadLost."""
    _delete_points(source_file)
    _settle(source_file, state=State.SUPERSEDED, message=message)


def ignore_file(
    *, telemetry: Telemetry, key: str, etag: str, size: int, last_modified: datetime, message: str
) -> None:
    """An object that is no file to read, and why. What an earlier version stored goes on counting."""
    with transaction.atomic():
        _lock(telemetry.pk)
        _supersede(telemetry, key, State.FAILED, State.IGNORED)
        SourceFile.objects.create(
            telemetry=telemetry,
            key=key,
            etag=etag,
            size=size,
            last_modified=last_modified,
            state=State.IGNORED,
            message=message,
        )


def take_back(*, source_file: SourceFile) -> None:
    """A failed or ignored version is no longer the newest of its key."""
    SourceFile.objects.filter(pk=source_file.pk).update(state=State.SUPERSEDED)


def move_modified(*, source_file: SourceFile, last_modified: datetime) -> None:
    """The same content was uploaded again: only its place among files that overlap changes."""
    with transaction.atomic():
        telemetry = _lock(source_file.telemetry_id)
        SourceFile.objects.filter(pk=source_file.pk).update(last_modified=last_modified)
        days = source_file.days.values_list("date", flat=True)
        refresh_daily_totals(telemetry=telemetry, dates=days)


def clear_abandoned(*, telemetry: Telemetry, key: str) -> None:
    """Remove what a reader of this key has left half written, or is writing: it has lost the file."""
    for source_file in SourceFile.objects.filter(telemetry=telemetry, key=key, state=State.READING):
        _supersede(telemetry, key, State.READING)
        _delete_points(source_file)


def clear_lost(*, source_file: SourceFile) -> None:
    """Remove what was written for a file after somebody else had taken it over."""
    if SourceFile.objects.filter(pk=source_file.pk, state=State.SUPERSEDED).exists():
        _delete_points(source_file)


def _lock(telemetry_id: int) -> Telemetry:
    """Files of a telemetry begin to count one after the other, or each would miss the other's points."""
    return Telemetry.objects.select_for_update(no_key=True).get(pk=telemetry_id)


def _supersede(telemetry: Telemetry, key: str, *states: str) -> None:
    SourceFile.objects.filter(telemetry=telemetry, key=key, state__in=states).update(state=State.SUPERSEDED)


def _settle(source_file: SourceFile, **fields: object) -> None:
    """End the reading of a file. Zero rows changed means that somebody else has taken it over."""
    if not SourceFile.objects.filter(pk=source_file.pk, state=State.READING).update(**fields):
        raise LoadLost(source_file.key)
    for name, value in fields.items():
        setattr(source_file, name, value)


def _remove_data(old: SourceFile) -> set[date]:
    """Delete an earlier version's points; the dates that it had."""
    days = set(old.days.values_list("date", flat=True))
    old.days.all().delete()
    _delete_points(old)
    return days


def _delete_points(source_file: SourceFile) -> None:
    PointBlock.objects.filter(source_file=source_file)._raw_delete(using=connection.alias)


def _write_days(source_file: SourceFile, outcome: Outcome) -> set[date]:
    FileDay.objects.bulk_create(
        FileDay(
            source_file=source_file,
            telemetry_id=source_file.telemetry_id,
            date=day,
            rows=rows,
            value=outcome.totals.overall[day],
        )
        for day, rows in sorted(outcome.rows_by_day.items())
    )
    return set(outcome.rows_by_day)
