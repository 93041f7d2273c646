"""What is read, and what its files hold: sources, their files in each version, and the dates in them."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.functional import cached_property

from accounts.models import Account, AccountScoped
from core.fields import KEY_LENGTH, ExactDecimalField, KeyField
from endpoints.models import S3Endpoint
from endpoints.objects import S3Object
from ingestion.datasets import get_dataset

IDENTIFIER_TAKEN = "identifier_taken"  # a code of ValidationError


class Source(AccountScoped):
    """The files under a prefix of an endpoint, and how they are kept up to date: each telemetry is one.

    It resembles NetBox's DataSource. What its files mean is for the dataset of its `kind`
    (ingestion.datasets), whose own table extends this one. `identifier` is how commands name it: unique in
    the account among its kind; it cannot change once created: triggers in the database say so.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        INACTIVE = "inactive", "Inactive"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sources")
    endpoint = models.ForeignKey(S3Endpoint, on_delete=models.PROTECT, related_name="sources")
    kind = models.CharField(max_length=20, editable=False)
    prefix = models.CharField(max_length=KEY_LENGTH)
    identifier = models.CharField(max_length=200, editable=False)
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=500, blank=True)
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
    # What the last sync left, kept here so that a table of sources is one query.
    last_sync_at = models.DateTimeField(null=True, editable=False)
    last_sync_state = models.CharField(max_length=30, blank=True, editable=False)
    data_from = models.DateField(null=True, editable=False)
    # The last date of all, which may lie in the future: how far the data reach says ingestion.newest.
    data_through = models.DateField(null=True, editable=False)

    class Meta:
        ordering = ["name", "identifier"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "identifier"],
                name="source_identifier_unique_in_account",
                violation_error_code=IDENTIFIER_TAKEN,
                violation_error_message="This identifier is taken. Choose another one.",
            ),
            models.CheckConstraint(condition=~models.Q(kind=""), name="source_kind_given"),
            models.CheckConstraint(condition=~models.Q(prefix=""), name="source_prefix_given"),
            models.CheckConstraint(condition=~models.Q(identifier=""), name="source_identifier_given"),
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "inactive"]), name="source_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(max_rejected_percent__range=(0, 100)), name="source_rejects_are_a_share"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def full_prefix(self) -> str:
        """The S3 prefix in the bucket that this source's files share."""
        return self.endpoint.full_prefix(self.prefix)

    def get_absolute_url(self) -> str:
        return get_dataset(self.kind).get_url(self)

    @cached_property
    def specific(self) -> Any:
        """With what its kind adds to it, as Wagtail's pages have it: an object of the dataset's own class."""
        return self if type(self) is not Source else get_dataset(self.kind).load(self)


class VersionFields(models.Model):
    """An object as it was listed: what a version of it is everywhere, from the listing to the history."""

    key = KeyField()
    etag = models.CharField("ETag", max_length=200)
    size = models.BigIntegerField()  # bytes
    last_modified = models.DateTimeField()

    class Meta:
        abstract = True

    @property
    def version(self) -> S3Object:
        return S3Object(self.key, self.etag, self.size, self.last_modified)

    @version.setter
    def version(self, listed: S3Object) -> None:
        self.key, self.etag = listed.key, listed.etag
        self.size, self.last_modified = listed.size, listed.last_modified


class SourceFile(VersionFields, AccountScoped):
    """An S3 object under a source's prefix, in one version (key and ETag), as it was imported once.

    What is stored of it counts while it is STORED; one version of a key is, at most. READING is a version
    whose data are being written and do not count yet: it becomes STORED, and the one before SUPERSEDED, in
    one transaction.
    STAGED is a version read to its end that waits for others, to count with all of them at once
    (`ingestion.staging`), or for nothing but to be compared.
    FAILED and IGNORED say what became of the newest version of a key where it is not the stored one.
    """

    TO_ACCOUNT = "source__account"

    class State(models.TextChoices):
        READING = "reading", "Being read"
        STAGED = "staged", "Waiting for the others"
        STORED = "stored", "Stored"
        FAILED = "failed", "Failed"
        IGNORED = "ignored", "Ignored"
        SUPERSEDED = "superseded", "Superseded"

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="source_files")
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING)
    message = models.TextField(blank=True)  # why it failed or is ignored
    rows_read = models.BigIntegerField(default=0)
    rows_rejected = models.BigIntegerField(default=0)
    # Of the rejected rows, those that no RejectedDay counts; None: read before there were any.
    rejected_undated = models.BigIntegerField(null=True, editable=False)
    points = models.BigIntegerField(default=0)
    imported_at = models.DateTimeField(null=True)
    # Made of what was stored of it when the mapping changed: it could not be read again.
    is_reprojected = models.BooleanField(default=False)

    class Meta:
        ordering = ["-last_modified", "key"]
        indexes = [
            models.Index(fields=["source", "-last_modified"], name="source_file_newest_first"),
            models.Index(
                fields=["source"],
                condition=models.Q(state="stored", rows_rejected__gt=0),
                name="source_file_with_rejects",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key", "state"],
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
        return str(self.key)

    @property
    def rows_used(self) -> int:
        return self.rows_read - self.rows_rejected


class FileDay(AccountScoped):
    """What a stored source file holds of one date: the way from a day's number back to its files.

    Those of a STAGED file have no source yet, so that no reader of a source's days meets them.
    """

    TO_ACCOUNT = "source_file__source__account"

    source_file = models.ForeignKey(SourceFile, on_delete=models.CASCADE, related_name="days")
    source = models.ForeignKey(Source, null=True, on_delete=models.CASCADE, related_name="+")
    date = models.DateField()
    rows = models.BigIntegerField()  # accepted rows
    value = ExactDecimalField(max_digits=68, decimal_places=30)  # their sum

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_file", "date"], name="file_day_once"),
            models.CheckConstraint(condition=models.Q(rows__gte=1), name="file_day_has_rows"),
        ]
        indexes = [models.Index(fields=["source", "date"], name="file_day_by_date")]

    def __str__(self) -> str:
        return f"{self.source_file_id} on {self.date}"


class RejectedDay(AccountScoped):
    """How many rows of a date a stored source file has that could not be used: where the date could be read.

    As with FileDay, those of a STAGED file have no source yet.
    """

    TO_ACCOUNT = "source_file__source__account"

    source_file = models.ForeignKey(SourceFile, on_delete=models.CASCADE, related_name="rejected_days")
    source = models.ForeignKey(Source, null=True, on_delete=models.CASCADE, related_name="+")
    date = models.DateField()
    rows = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_file", "date"], name="rejected_day_once"),
            models.CheckConstraint(condition=models.Q(rows__gte=1), name="rejected_day_has_rows"),
        ]
        indexes = [models.Index(fields=["source", "date"], name="rejected_day_by_date")]

    def __str__(self) -> str:
        return f"{self.source_file_id} on {self.date}"
