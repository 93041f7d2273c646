"""A metric: what is read of its files, and how a run changes that."""

from __future__ import annotations

from django.db import models

from accounts.models import AccountScoped
from csvfiles.dates import DATE_FORMATS
from ingestion.models import Run, Source

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
    """How a run changes what a telemetry reads of its files: other dimensions, another overlap rule."""

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
