from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import MD5

from accounts.models import Account, AccountScoped
from core.fields import KEY_LENGTH, ExactDecimalField, KeyField
from csvfiles.dates import DATE_FORMATS
from endpoints.models import S3Endpoint
from telemetry.fields import SeriesIdsField, SeriesValuesField
from telemetry.wizard.models import TelemetryDraft as TelemetryDraft  # so that Django finds it


class Telemetry(AccountScoped):
    """One metric, read daily from the CSV files under a prefix of an endpoint.

    `identifier` is the metric column's name. It cannot change once created: triggers in the database say so.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        INACTIVE = "inactive", "Inactive"

    class Overlap(models.TextChoices):
        NEWEST = "newest", "The file modified last wins"
        ADD = "add", "Values of different files add up"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="telemetries")
    endpoint = models.ForeignKey(S3Endpoint, on_delete=models.PROTECT, related_name="telemetries")
    prefix = models.CharField(max_length=KEY_LENGTH)
    name = models.CharField("telemetry name", max_length=200)
    description = models.CharField(max_length=500, blank=True)
    identifier = models.CharField(max_length=200, editable=False)
    date_column = models.CharField(max_length=200)
    date_format = models.CharField(max_length=40, choices=[(name, name) for name in DATE_FORMATS])
    overlap = models.CharField("overlap rule", max_length=10, choices=Overlap.choices, default=Overlap.NEWEST)
    max_rejected_percent = models.DecimalField(
        "rejected rows allowed",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )  # of a file's rows: with more of them rejected the file fails as a whole; None: it never does for that
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # What the last sync left, kept here so that the table of telemetries is one query.
    last_sync_at = models.DateTimeField(null=True, editable=False)
    last_sync_state = models.CharField(max_length=30, blank=True, editable=False)
    data_from = models.DateField(null=True, editable=False)
    # The last date of all, which may lie in the future: how far the data reach says telemetry.newest.
    data_through = models.DateField(null=True, editable=False)

    audit_kind = "telemetry"
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
        ordering = ["name", "identifier"]
        permissions = [
            ("manage_telemetry", "Telemetry management: create, edit, deactivate and sync telemetries")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "identifier"],
                name="telemetry_identifier_unique_in_account",
                violation_error_message=(
                    "A telemetry with this identifier exists already. Choose another metric column."
                ),
            ),
            models.CheckConstraint(condition=~models.Q(prefix=""), name="telemetry_prefix_given"),
            models.CheckConstraint(condition=~models.Q(identifier=""), name="telemetry_identifier_given"),
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "inactive"]), name="telemetry_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(overlap__in=["newest", "add"]), name="telemetry_overlap_known"
            ),
            models.CheckConstraint(
                condition=models.Q(date_format__in=list(DATE_FORMATS)), name="telemetry_date_format_known"
            ),
            models.CheckConstraint(
                condition=models.Q(max_rejected_percent__range=(0, 100)), name="telemetry_rejects_are_a_share"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def metric_column(self) -> str:
        return self.identifier

    @property
    def full_prefix(self) -> str:
        """The S3 prefix in the bucket that this telemetry's files share."""
        return self.endpoint.full_prefix(self.prefix)


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


class SourceFile(AccountScoped):
    """An S3 object under a telemetry's prefix, in one version (key and ETag), as it was imported once.

    Points count while their file is STORED; one version of a key is, at most. READING is a version whose
    points are being written and do not count yet: it becomes STORED, and the one before SUPERSEDED, in one
    transaction.
    STAGED is a version read to its end that waits for others, to count with all of them at once
    (`telemetry.staging`), or for nothing but to be compared.
    FAILED and IGNORED say what became of the newest version of a key where it is not the stored one.
    """

    TO_ACCOUNT = "telemetry__account"

    class State(models.TextChoices):
        READING = "reading", "Being read"
        STAGED = "staged", "Waiting for the others"
        STORED = "stored", "Stored"
        FAILED = "failed", "Failed"
        IGNORED = "ignored", "Ignored"
        SUPERSEDED = "superseded", "Superseded"

    telemetry = models.ForeignKey(Telemetry, on_delete=models.CASCADE, related_name="source_files")
    key = KeyField()
    etag = models.CharField("ETag", max_length=200)
    size = models.BigIntegerField()  # bytes
    last_modified = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING)
    message = models.TextField(blank=True)  # why it failed or is ignored
    rows_read = models.BigIntegerField(default=0)
    rows_rejected = models.BigIntegerField(default=0)
    # Of the rejected rows, those that no RejectedDay counts; None: read before there were any.
    rejected_undated = models.BigIntegerField(null=True, editable=False)
    points = models.BigIntegerField(default=0)
    imported_at = models.DateTimeField(null=True)
    # Its points were made from those of an earlier mapping, since the object could not be read again.
    is_carried_over = models.BooleanField(default=False)

    class Meta:
        ordering = ["-last_modified", "key"]
        indexes = [
            models.Index(fields=["telemetry", "-last_modified"], name="source_file_newest_first"),
            models.Index(
                fields=["telemetry"],
                condition=models.Q(state="stored", rows_rejected__gt=0),
                name="source_file_with_rejects",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["telemetry", "key", "state"],
                condition=~models.Q(state="superseded"),
                name="source_file_one_a_state",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["reading", "staged", "stored", "failed", "ignored", "superseded"]
                ),
                name="source_file_state_known",
            ),
            models.CheckConstraint(condition=models.Q(size__gte=0), name="source_file_size_not_negative"),
            models.CheckConstraint(
                condition=models.Q(rows_read__gte=models.F("rows_rejected")),
                name="source_file_rejects_among_rows_read",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def rows_used(self) -> int:
        return self.rows_read - self.rows_rejected


class FileDay(AccountScoped):
    """What a stored source file holds of one date: the way from a day's number back to its files.

    Those of a STAGED file have no telemetry yet, so that no reader of a telemetry's days meets them.
    """

    TO_ACCOUNT = "source_file__telemetry__account"

    source_file = models.ForeignKey(SourceFile, on_delete=models.CASCADE, related_name="days")
    telemetry = models.ForeignKey(Telemetry, null=True, on_delete=models.CASCADE, related_name="+")
    date = models.DateField()
    rows = models.BigIntegerField()  # accepted rows
    value = ExactDecimalField(max_digits=68, decimal_places=30)  # their sum

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_file", "date"], name="file_day_once"),
            models.CheckConstraint(condition=models.Q(rows__gte=1), name="file_day_has_rows"),
        ]
        indexes = [models.Index(fields=["telemetry", "date"], name="file_day_by_date")]

    def __str__(self) -> str:
        return f"{self.source_file_id} on {self.date}"


class RejectedDay(AccountScoped):
    """How many rows of a date a stored source file has that could not be used: where the date could be read.

    As with FileDay, those of a STAGED file have no telemetry yet.
    """

    TO_ACCOUNT = "source_file__telemetry__account"

    source_file = models.ForeignKey(SourceFile, on_delete=models.CASCADE, related_name="rejected_days")
    telemetry = models.ForeignKey(Telemetry, null=True, on_delete=models.CASCADE, related_name="+")
    date = models.DateField()
    rows = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_file", "date"], name="rejected_day_once"),
            models.CheckConstraint(condition=models.Q(rows__gte=1), name="rejected_day_has_rows"),
        ]
        indexes = [models.Index(fields=["telemetry", "date"], name="rejected_day_by_date")]

    def __str__(self) -> str:
        return f"{self.source_file_id} on {self.date}"


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
    range of it. There is no foreign key from a block to its series: `telemetry.loading` is the one writer.
    """

    TO_ACCOUNT = "source_file__telemetry__account"

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
    """The sum of a file's accepted rows for a date and a series: a row of the blocks, laid open by a view.

    What counts for a date and series is a fold over the files (telemetry.fold).
    """

    TO_ACCOUNT = "source_file__telemetry__account"

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
