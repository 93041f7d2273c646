"""Deleting what millions of rows hold, in transactions of a bounded size."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from core.deleting import delete_in_portions
from ingestion.models import FileDay, RejectedDay, SourceFile
from telemetry.models import DailyTotal, PointBlock, Series, Telemetry

_FILES_AT_A_TIME = 100
BLOCKS_AT_A_TIME = 200  # each holds the points of a whole date, up to 125,000


def empty_telemetry(*, telemetry: Telemetry) -> None:
    """Delete the data of a telemetry that nobody syncs any more, the points first.

    Can be ended at any moment and begun again. What is left of it is `delete_telemetry`'s.
    """
    files = SourceFile.objects.filter(source=telemetry)
    # Some files after the other: all at once, each portion would look again through what is deleted already.
    for some in _list_in_portions(files):
        delete_in_portions(PointBlock.objects.filter(source_file__in=some), at_a_time=BLOCKS_AT_A_TIME)
        delete_in_portions(FileDay.objects.filter(source_file__in=some))
        delete_in_portions(RejectedDay.objects.filter(source_file__in=some))
    delete_in_portions(DailyTotal.objects.filter(telemetry=telemetry))
    delete_in_portions(Series.objects.filter(telemetry=telemetry))
    delete_in_portions(files)


def _list_in_portions(files: QuerySet[SourceFile]) -> Iterator[list[int]]:
    last = 0
    while some := list(
        files.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_FILES_AT_A_TIME]
    ):
        yield some
        last = some[-1]
