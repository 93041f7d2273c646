"""What runs did: each execution of a sync, the files that it read, the rows that could not be used."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.formats import date_format

from accounts.models import AccountScoped
from ingestion.models.sources import Source, SourceFile, VersionFields


class Run(AccountScoped):
    """One execution of a source's sync. This table, not the queue, says what runs and ran."""

    TO_ACCOUNT = "source__account"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        SUCCEEDED_WITH_REJECTS = "succeeded_with_rejects", "Succeeded with rejected rows"
        INCOMPLETE = "incomplete", "Incomplete"  # some files failed, the rest is in
        FAILED = "failed", "Failed"

    class Trigger(models.TextChoices):
        SCHEDULED = "scheduled", "Daily sync"
        MANUAL = "manual", "Manual"
        COMMAND = "command", "Command line"
        ACTIVATED = "activated", "Activated"

    class Scope(models.TextChoices):
        """What a run reads, beside what is new or changed: every run brings that in."""

        CHANGED = "changed", "New and changed files"
        ALL = "all", "Every file again"
        SINCE = "since", "Files with dates from a day on again"
        REJECTED = "rejected", "Files with rejected rows again"
        NAMED = "named", "Chosen files again"

    class Failure(models.TextChoices):
        """What stopped a run as a whole. Empty where only files failed, and in runs of earlier releases."""

        CONNECTION = "connection", "The bucket could not be read"
        INACTIVE = "inactive", "Syncing was switched off"
        STOPPED = "stopped", "The run stopped unexpectedly"
        UNREADABLE = "unreadable", "Stored files could not be read again"

    ACTIVE_STATES = (State.QUEUED, State.RUNNING)

    is_late = False  # of a run just made: the queue did not take its message, the schedule sends it again

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    # UTC; only where the trigger is SCHEDULED, and the clock was not ahead of that day.
    scheduled_day = models.DateField(null=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.CHANGED)
    scope_from = models.DateField(null=True)  # only where the scope is SINCE
    scope_keys = models.JSONField(default=list)  # only where the scope is NAMED
    is_preview = models.BooleanField(default=False)  # reads and compares; no data is changed
    preview = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="+"
    )  # applied by it
    # How the files are understood changes with it (the dataset knows what): all count at once, or none.
    is_changeover = models.BooleanField(default=False)
    reads_files = models.BooleanField(default=True)  # False: what is stored is added up anew
    changes = models.JSONField(null=True)  # what a preview that has ended found (Dataset.diff)
    state = models.CharField(max_length=30, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    planned_at = models.DateTimeField(null=True)  # when the list of files to read was complete
    lease_owner = models.UUIDField(null=True)  # who works on the run
    lease_until = models.DateTimeField(null=True)  # renewed while the work goes on; past it, the run is lost
    attempts = models.PositiveSmallIntegerField(default=0)  # in a row that did not get on
    queued_at = models.DateTimeField(null=True)  # when it was lost and put on the queue again
    found_nothing = models.BooleanField(default=False)  # no object at all under the prefix
    files_planned = models.BigIntegerField(default=0)  # to read in this run
    files_read = models.BigIntegerField(default=0)
    files_unchanged = models.BigIntegerField(default=0)
    files_ignored = models.BigIntegerField(default=0)
    files_failed = models.BigIntegerField(default=0)
    rows_read = models.BigIntegerField(default=0)  # of the files that were read; failed ones count nothing
    rows_rejected = models.BigIntegerField(default=0)
    points_written = models.BigIntegerField(default=0)
    warnings = models.JSONField(default=list)  # [{"kind", "text"}]
    message = models.TextField(blank=True)  # why the run failed as a whole, and the remedy
    failure = models.CharField(max_length=20, choices=Failure.choices, blank=True)  # the kind of `message`

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["source", "-created_at"], name="run_newest_first"),
            models.Index(
                fields=["scheduled_day"],
                condition=models.Q(scheduled_day__isnull=False),
                name="run_by_scheduled_day",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source"],
                condition=models.Q(state__in=["queued", "running"]),
                name="run_one_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["source", "scheduled_day"],
                condition=models.Q(scheduled_day__isnull=False),
                name="run_one_scheduled_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(finished_at__isnull=True, state__in=["queued", "running"])
                | models.Q(
                    finished_at__isnull=False,
                    state__in=["succeeded", "succeeded_with_rejects", "incomplete", "failed"],
                ),
                name="run_finished_means_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {date_format(self.created_at, 'DATETIME_FORMAT')} {self.state}"

    @property
    def rows_used(self) -> int:
        return self.rows_read - self.rows_rejected

    @property
    def warning_texts(self) -> list[str]:
        return [warning["text"] for warning in self.warnings]

    @property
    def is_staged(self) -> bool:
        """Whether its files wait for each other: to count all at once, or only to be compared."""
        return self.is_preview or self.is_changeover


class RunHelper(AccountScoped):
    """A process that reads files of a run beside the one that carries it out, for as long as it does."""

    TO_ACCOUNT = "run__source__account"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="helpers")
    owner = models.UUIDField(unique=True)
    until = models.DateTimeField()  # renewed while it works; past it, it is dead

    def __str__(self) -> str:
        return f"{self.owner} of {self.run_id}"


class RunFile(VersionFields, AccountScoped):
    """An object that a run reads, in the version that was listed: pending, then read, failed or ignored.

    How many rows and points it came to says its `source_file`, the version as this run read it.
    IGNORED: it turned out to hold nothing, such as gzip of nothing.
    """

    TO_ACCOUNT = "run__source__account"

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        READ = "read", "Read"
        FAILED = "failed", "Failed"
        IGNORED = "ignored", "Ignored"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="files")
    source_file = models.ForeignKey(
        SourceFile, null=True, on_delete=models.SET_NULL, related_name="run_files"
    )  # once it is being read
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    taken_by = models.UUIDField(null=True)  # who reads it, or read it last
    taken_until = models.DateTimeField(null=True)  # renewed while it is read; past it, anybody may take it
    message = models.TextField(blank=True)  # why it failed or is ignored; of one read, what was passed over
    rows_repeated = models.BigIntegerField(default=0)  # equal to an earlier row in all but the metric
    reject_reasons = models.JSONField(default=dict)  # {reason: rows}, complete even where rows are not kept
    # Columns of the header that are not mapped; of a file that lacks a mapped column, all of its columns.
    extra_columns = models.JSONField(default=list)

    class Meta:
        ordering = ["run", "id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "key"], name="run_file_once_a_run"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.state}"

    @property
    def rows_read(self) -> int:
        return self.source_file.rows_read if self.source_file else 0

    @property
    def rows_rejected(self) -> int:
        return self.source_file.rows_rejected if self.source_file else 0


class RejectedRow(AccountScoped):
    """A row that could not be used: where it stands, its mapped cells as they were, and the reason.

    `cells` holds what the source reads (Dataset.list_columns), nothing else of the row.
    """

    TO_ACCOUNT = "run_file__run__source__account"

    run_file = models.ForeignKey(RunFile, on_delete=models.CASCADE, related_name="rejected_rows")
    row_number = models.BigIntegerField()  # the header is row 1
    reason = models.CharField(max_length=200)
    cells = models.JSONField(default=dict)  # {column: raw text}

    class Meta:
        ordering = ["run_file", "row_number"]
        constraints = [
            models.UniqueConstraint(fields=["run_file", "row_number"], name="rejected_row_once"),
        ]

    def __str__(self) -> str:
        return f"row {self.row_number}: {self.reason}"
