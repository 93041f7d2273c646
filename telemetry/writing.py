"""Writing the points of source files: batch by batch into blocks that do not count before publishing."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from django.db import connection
from django.db.models import QuerySet

from csvfiles.read import Batch
from ingestion.models import SourceFile
from ingestion.versions import LoadLost
from telemetry.blocks import BlockWriter
from telemetry.counting import PointCount
from telemetry.models import DataPoint, PointBlock
from telemetry.series import SeriesIds


class PointWriter:
    """Writes the points of a run's files (ingestion.datasets.Writer)."""

    def __init__(self, telemetry_id: int) -> None:
        self._series, self._blocks = SeriesIds(telemetry_id), BlockWriter()
        self._files: dict[int, _FilePoints] = {}  # those that have begun and not ended, by id

    def add(self, file: SourceFile, batch: Batch) -> None:
        """Raises LoadLost."""
        of_file = self._files.setdefault(file.pk, _FilePoints(file))
        of_file.check_ours()
        rows = of_file.find_series(batch, self._series)
        self._blocks.add(rows, source_file_id=file.pk, part=of_file.parts)
        of_file.count(rows)

    def finish(self, file: SourceFile) -> int:
        """How many dates and series the file holds."""
        of_file = self._files.pop(file.pk, None)
        return 0 if of_file is None else of_file.count_all(self._blocks)

    def discard(self, file: SourceFile) -> None:
        self._files.pop(file.pk, None)
        self._blocks.discard(source_file_id=file.pk)

    def flush(self) -> None:
        self._blocks.flush()


class _FilePoints:
    """How far one file has been written."""

    def __init__(self, file: SourceFile) -> None:
        self.file, self.parts = file, 0
        self._series_ids = pl.Series([], dtype=pl.Int64)  # by the number of the combination in the file
        self._count = PointCount()

    def check_ours(self) -> None:
        if not self.parts:
            return
        if not SourceFile.objects.filter(pk=self.file.pk, state=SourceFile.State.READING).exists():
            raise LoadLost(self.file.key)

    def find_series(self, batch: Batch, series: SeriesIds) -> pl.DataFrame:
        """`date`, `series_id`, `value` of the batch's points."""
        if batch.combinations.height:
            self._series_ids.extend(series.find(batch.combinations.drop("combination")))
        found = self._series_ids.gather(batch.points["combination"]).alias("series_id")
        return batch.points.select(pl.col("day").alias("date"), found, "value")

    def count(self, rows: pl.DataFrame) -> None:
        self._count.add(rows)
        self.parts += 1

    def count_all(self, blocks: BlockWriter) -> int:
        if not self._count.unsure:
            return self._count.sure
        blocks.flush()
        points = DataPoint.objects.filter(source_file=self.file, date__in=self._count.unsure)
        return self._count.sure + points.values("date", "series_id").distinct().count()


def delete_points(files: Sequence[int] | QuerySet[SourceFile]) -> None:
    PointBlock.objects.filter(source_file__in=files)._raw_delete(using=connection.alias)
