from __future__ import annotations

from django.db import models
from django.db.models.functions import MD5

from accounts.models import AccountScoped
from core.fields import ExactDecimalField
from csvfiles.dates import DATE_FORMATS
from ingestion.models import Run, Source, SourceFile
from telemetry.fields import SeriesIdsField, SeriesValuesField
from telemetry.wizard.models import TelemetryDraft as TelemetryDraft  # so that Django finds it

KIND = "telemetry"  # of Source


class Overlap(models.TextChoices):
    NEWEST = "newest", "The file modified last wins"
    ADD = "add", "Values of different files add up"


class Telemetry(Source):
    """One metric, read daily from CSV files. `identifier` is the metric column's name."""

    Overlap = Overlap

    source = models.OneToOneField(
        Source, on_delete=models.CASCADE, parent_link=True, primary_key=True, related_name="telemetry"
    )
    date_column = models.CharField(max_length=200)
    date_format = models.CharField(max_length=40, choices=[(name, name) for name in DATE_FORMATS])
    overlap = models.CharField("overlap rule", max_length=10, choices=Overlap.choices, default=Overlap.NEWEST)

    audit_kind = KIND
    audited = (
        "name",
        "description",
        "status",
        "identifier",
        "endpoint",
        "prefix",
        "date_column",
        "date_format",
        "overlap",
        "max_rejected_percent",
    )

    class Meta:
        verbose_name_plural = "telemetries"
        permissions = [
            ("manage_telemetry", "Telemetry management: create, edit, deactivate and sync telemetries")
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(overlap__in=["newest", "add"]), name="telemetry_overlap_known"
            ),
            models.CheckConstraint(
                condition=models.Q(date_format__in=list(DATE_FORMATS)), name="telemetry_date_format_known"
            ),
        ]

    @property
    def metric_column(self) -> str:
        return self.identifier


class MappingChange(AccountScoped):
    """How a run changes what a telemetry reads of its files: other dimensions, another overlap rule, or both."""

    TO_ACCOUNT = "run__source__account"

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="mapping_change")
    dimensions = models.JSONField(null=True)  # [column], with which all files are read; None: as they are
    overlap = models.CharField(max_length=10, choices=Overlap.choices, blank=True)
    # Whether files that cannot be read again may go on counting with nothing under a new dimension.
    keeps_unreadable = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"Change of mapping by {self.run_id}"


class Dimension(AccountScoped):
    """A selected metadata column. `position` (1 to 10) is its place in a series, counted from 1."""

    TO_ACCOUNT = "telemetry__account"

    telemetry = models.ForeignKey(Telemetry, on_delete=models.CASCADE, related_name="dimensions")
    position = models.PositiveSmallIntegerField()
    column = models.CharField(max_length=200)

    class Meta:
        ordering = ["telemetry", "position"]
        constraints = [
            models.UniqueConstraint(fields=["telemetry", "position"], name="dimension_position_once"),
            models.UniqueConstraint(fields=["telemetry", "column"], name="dimension_column_once"),
            models.CheckConstraint(
                condition=models.Q(position__gte=1, position__lte=10), name="dimension_at_most_ten"
            ),
        ]

    def __str__(self) -> str:
        return self.column


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
