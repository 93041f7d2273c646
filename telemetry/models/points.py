"""What the files of a telemetry hold, and what counts of it."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import MD5

from accounts.models import AccountScoped
from core.fields import ExactDecimalField
from ingestion.models import SourceFile
from telemetry.fields import SeriesIdsField, SeriesValuesField
from telemetry.models.telemetries import Telemetry


class Series(AccountScoped):
    """One combination of dimension values of a telemetry, kept once. `key` is a hash of the values."""

    TO_ACCOUNT = "telemetry__account"

    telemetry = models.ForeignKey(Telemetry, on_delete=models.CASCADE, related_name="series")
    key = models.UUIDField()
    dimensions = models.JSONField()  # the values, in the order of the telemetry's dimensions

    class Meta:
        verbose_name_plural = "series"
        constraints = [models.UniqueConstraint(fields=["telemetry", "key"], name="series_combination_once")]

    def __str__(self) -> str:
        return ", ".join(self.dimensions) or "(all)"


class PointBlock(AccountScoped):
    """The points of one date of a file: ids of series, and beside them their values, both in one row.

    A very large file is added up in parts, each within bounded memory; the file's value for a date and series
    is the sum of its parts. A row for many points is written in a tenth of the time and a tenth of the space
    of a row for each (docs/decisions/0008). The key begins with the file: removing an old version is one
    range of it. There is no foreign key from a block to its series: `telemetry.writing` is the one writer.
    """

    TO_ACCOUNT = "source_file__source__account"

    pk = models.CompositePrimaryKey("source_file_id", "date", "part")
    source_file = models.ForeignKey(
        SourceFile, on_delete=models.DO_NOTHING, related_name="point_blocks", db_index=False
    )
    date = models.DateField()
    part = models.PositiveSmallIntegerField()
    series_ids = SeriesIdsField()
    series_values = SeriesValuesField()

    def __str__(self) -> str:
        return f"{self.source_file_id} on {self.date}, part {self.part}"


class DataPoint(AccountScoped):
    """The sum of a file's accepted rows for a date and a series: a row of the blocks, unnested by a view.

    What counts for a date and series where files overlap: telemetry.overlap.
    """

    TO_ACCOUNT = "source_file__source__account"

    pk = models.CompositePrimaryKey("source_file_id", "date", "series_id", "part")
    source_file = models.ForeignKey(SourceFile, on_delete=models.DO_NOTHING, related_name="data_points")
    date = models.DateField()
    part = models.PositiveSmallIntegerField()
    series = models.ForeignKey(Series, on_delete=models.DO_NOTHING, related_name="+")
    value = ExactDecimalField(max_digits=50, decimal_places=30)

    class Meta:
        managed = False
        db_table = "telemetry_datapoint"

    def __str__(self) -> str:
        return f"{self.date}: {self.value}"


class DailyTotal(AccountScoped):
    """What counts on a date: overall (`dimension` 0), and by each value of each single dimension.

    Kept in the transaction that changes a date's points; pages and charts read this.
    """

    TO_ACCOUNT = "telemetry__account"

    OVERALL = 0

    telemetry = models.ForeignKey(
        Telemetry, on_delete=models.CASCADE, related_name="daily_totals", db_index=False
    )
    dimension = models.PositiveSmallIntegerField()  # a Dimension's position, or OVERALL
    date = models.DateField()
    dimension_value = models.TextField(blank=True)
    value = ExactDecimalField(max_digits=68, decimal_places=30)

    class Meta:
        constraints = [
            # By hash: a value of several kilobytes is allowed, but does not fit an index entry.
            models.UniqueConstraint(
                "telemetry", "dimension", "date", MD5("dimension_value"), name="daily_total_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date}: {self.value}"
