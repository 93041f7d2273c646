"""Versions of files that wait for each other: to count all at once, or only to be compared and dropped.

Staged versions have points and days as stored ones do, but no reader of a telemetry meets them: their days
belong to no telemetry yet (`telemetry.models.FileDay`). Other dimensions or another overlap rule make every
number of a telemetry another one, so all of its files change over in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import QuerySet

from telemetry.daily_totals import refresh_daily_totals
from telemetry.locks import lock_telemetry
from telemetry.models import FileDay, PointBlock, RejectedDay, SourceFile, Telemetry
from telemetry.services import write_dimensions

State = SourceFile.State


def apply_staged(*, telemetry: Telemetry, dimensions: Sequence[str] | None = None, overlap: str = "") -> None:
    """Let the staged versions count in place of the stored ones, by other dimensions or another overlap rule.

    One transaction: whoever reads sees all of the old or all of the new.
    """
    with transaction.atomic():
        telemetry = lock_telemetry(telemetry.pk)
        staged = _list_staged(telemetry)
        days = _list_days(telemetry)
        _supersede(telemetry, staged)
        FileDay.objects.filter(source_file__in=staged).update(telemetry=telemetry)
        RejectedDay.objects.filter(source_file__in=staged).update(telemetry=telemetry)
        staged.update(state=State.STORED)
        if dimensions is not None:
            write_dimensions(telemetry=telemetry, dimensions=dimensions)
        if overlap:
            telemetry.overlap = overlap
            telemetry.save(update_fields=["overlap"])
        refresh_daily_totals(telemetry=telemetry, dates=days | _list_days(telemetry))
        delete_unused_series(telemetry=telemetry)


def discard_staged(*, telemetry: Telemetry) -> None:
    """Leave nothing of the staged versions behind, nor of the combinations that they alone held."""
    staged = _list_staged(telemetry)
    if not staged.exists():
        return
    with transaction.atomic():
        lock_telemetry(telemetry.pk)
        _delete_data(staged)
        staged.delete()
        delete_unused_series(telemetry=telemetry)


def delete_unused_series(*, telemetry: Telemetry) -> None:
    """Combinations that stand in no point. Only while nobody else writes points of the telemetry."""
    with connection.cursor() as cursor:
        cursor.execute(
            """DELETE FROM telemetry_series WHERE id IN (
                SELECT id FROM telemetry_series WHERE telemetry_id = %s
                EXCEPT
                SELECT p.series_id FROM telemetry_datapoint p
                JOIN telemetry_sourcefile f ON f.id = p.source_file_id WHERE f.telemetry_id = %s)""",
            [telemetry.pk, telemetry.pk],
        )


def _list_staged(telemetry: Telemetry) -> QuerySet[SourceFile]:
    return telemetry.source_files.filter(state=State.STAGED)


def _list_days(telemetry: Telemetry) -> set:
    return set(FileDay.objects.filter(telemetry=telemetry).values_list("date", flat=True))


def _supersede(telemetry: Telemetry, staged: QuerySet[SourceFile]) -> None:
    """The versions that give way to the staged ones. Of a file that was carried over, a later version that
    failed still is the newest.
    """
    files = telemetry.source_files
    stored = files.filter(state=State.STORED, key__in=staged.values("key"))
    _delete_data(stored)
    stored.update(state=State.SUPERSEDED)
    read = staged.filter(is_carried_over=False).values("key")
    files.filter(state__in=[State.FAILED, State.IGNORED], key__in=read).update(state=State.SUPERSEDED)


def _delete_data(files: QuerySet[SourceFile]) -> None:
    """Days and points: straight to the database, since they may be millions."""
    for model in (FileDay, RejectedDay, PointBlock):
        model.objects.filter(source_file__in=files)._raw_delete(using=connection.alias)
