"""Versions of files that wait for each other: to count all at once, or only to be compared and dropped.

Staged versions have data and days as stored ones do, but no reader of a source meets them: their days belong
to no source yet (`ingestion.models.FileDay`). When files come to be understood otherwise, every number of a
source becomes another one, so all of its files change over in one transaction.
"""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction
from django.db.models import QuerySet

from ingestion.datasets import get_dataset
from ingestion.locks import lock_source
from ingestion.models import FileDay, RejectedDay, RejectedRow, Run, Source, SourceFile
from ingestion.versions import abandon_loads

State = SourceFile.State


def apply_staged(*, run: Run) -> list[str]:
    """Let the staged versions count in place of the stored ones, understood as the run says from here on.

    One transaction: whoever reads sees all of the old or all of the new. Returns the columns that are not
    kept any more.
    """
    with transaction.atomic():
        source = lock_source(run.source_id)
        dataset = get_dataset(source.kind)
        staged = _list_staged(source)
        dates = _list_dates(source)
        _supersede(source, staged)
        FileDay.objects.filter(source_file__in=staged).update(source=source)
        RejectedDay.objects.filter(source_file__in=staged).update(source=source)
        staged.update(state=State.STORED)
        dropped = dataset.change_over(run)
        dataset.publish(source, dates=dates | _list_dates(source))
        dataset.delete_unused(source)
    return dropped


def discard_staged(*, source: Source) -> None:
    """Leave nothing of the staged versions behind but what they came to, nor of what they alone held."""
    staged = _list_staged(source)
    if not staged.exists():
        return
    with transaction.atomic():
        lock_source(source.pk)
        _delete_data(source, staged)
        staged.filter(run_files=None).delete()  # made of what is stored: no run has read it
        staged.update(state=State.SUPERSEDED, imported_at=None)
        get_dataset(source.kind).delete_unused(source)


def discard_run(*, run: Run) -> None:
    """Nothing stays of a staged run but its record.

    Rows that it rejected may hold cells of columns that were not selected after all.
    """
    with transaction.atomic():
        lock_source(run.source_id)
        RejectedRow.objects.filter(run_file__run=run).delete()
        begun = run.source.source_files.filter(state=State.READING)
        abandon_loads(source_files=list(begun))
        discard_staged(source=run.source)


def _list_staged(source: Source) -> QuerySet[SourceFile]:
    return source.source_files.filter(state=State.STAGED)


def _list_dates(source: Source) -> set[date]:
    return set(FileDay.objects.filter(source=source).values_list("date", flat=True))


def _supersede(source: Source, staged: QuerySet[SourceFile]) -> None:
    """The versions that give way to the staged ones. Of a file that was reprojected, a later version that
    failed still is the newest.
    """
    files = source.source_files
    stored = files.filter(state=State.STORED, key__in=staged.values("key"))
    _delete_data(source, stored)
    stored.update(state=State.SUPERSEDED)
    read = staged.filter(is_reprojected=False).values("key")
    files.filter(state__in=[State.FAILED, State.IGNORED], key__in=read).update(state=State.SUPERSEDED)


def _delete_data(source: Source, files: QuerySet[SourceFile]) -> None:
    """Straight to the database, since the days may be millions."""
    for model in (FileDay, RejectedDay):
        model.objects.filter(source_file__in=files)._raw_delete(using=connection.alias)
    get_dataset(source.kind).delete_data(files)
