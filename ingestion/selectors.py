from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from ingestion.models import RejectedRow, RunFile, SyncRun
from telemetry.models import SourceFile, Telemetry


def list_runs(*, telemetry: Telemetry) -> QuerySet[SyncRun]:
    """The telemetry's runs, newest first."""
    return telemetry.sync_runs.select_related("requested_by")


def get_active_run(*, telemetry: Telemetry) -> SyncRun | None:
    """The run that is queued or going on."""
    return telemetry.sync_runs.filter(state__in=SyncRun.ACTIVE_STATES).first()


def list_run_files(*, run: SyncRun) -> QuerySet[RunFile]:
    """The files that the run read or failed to read, in the order of their keys' listing."""
    return run.files.exclude(state=RunFile.State.PENDING).order_by("pk")


def list_rejected_rows(
    *, run: SyncRun | None = None, telemetry: Telemetry | None = None
) -> QuerySet[RejectedRow]:
    """Rejected rows of a run, or of a telemetry's stored files as they are now."""
    rows = RejectedRow.objects.select_related("run_file").order_by("run_file", "row_number")
    if run is not None:
        rows = rows.filter(run_file__run=run)
    if telemetry is not None:
        rows = rows.filter(
            run_file__run__telemetry=telemetry, run_file__source_file__state=SourceFile.State.STORED
        )
    return rows


def count_rejected_rows(*, telemetry: Telemetry) -> int:
    """How many rows of the stored files were rejected, also those whose cells are not kept."""
    stored = telemetry.source_files.filter(state=SourceFile.State.STORED)
    return stored.aggregate(rows=Sum("rows_rejected"))["rows"] or 0


def count_rejects_by_reason(*, run: SyncRun) -> dict[str, int]:
    """All rejected rows of the run, also those whose cells are not kept; the most frequent reason first."""
    counts: dict[str, int] = {}
    for reasons in run.files.exclude(reject_reasons={}).values_list("reject_reasons", flat=True):
        for reason, rows in reasons.items():
            counts[reason] = counts.get(reason, 0) + rows
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def count_rows(*, run: SyncRun) -> dict[str, int]:
    """What a run has read so far, for showing its progress."""
    done = run.files.exclude(state=RunFile.State.PENDING)
    rows = done.aggregate(rows=Sum("rows_read"))["rows"] or 0
    return {"files_done": done.count(), "files_planned": run.files_planned, "rows_read": rows}


def last_due_day(*, now: datetime) -> tuple[date, datetime]:
    """The UTC day whose daily sync was due last, and when it was."""
    due = datetime.combine(now.astimezone(UTC).date(), settings.DAILY_SYNC_TIME, tzinfo=UTC)
    if due > now:
        due -= timedelta(days=1)
    return due.date(), due


def list_due_telemetries(*, now: datetime) -> list[tuple[Telemetry, date]]:
    """Active telemetries that have had no scheduled run for the last due day, with that day.

    One created after that day's sync waits for the next; one whose run goes on is asked again later.
    """
    day, due = last_due_day(now=now)
    runs = SyncRun.objects.filter(telemetry=OuterRef("pk"))
    # Two questions, each along its own index: joined by OR they read the runs of all years, each minute.
    telemetries = Telemetry.objects.filter(
        ~Exists(runs.filter(scheduled_day=day)),
        ~Exists(runs.filter(state__in=SyncRun.ACTIVE_STATES)),
        status=Telemetry.Status.ACTIVE,
        account__s3_csv_telemetry=True,
        created_at__lte=due,
    ).order_by("pk")
    return [(telemetry, day) for telemetry in telemetries]


def list_lost_runs(*, now: datetime) -> QuerySet[SyncRun]:
    """Runs whose worker has not been heard of, or whose message has found no worker."""
    waited = now - timedelta(seconds=4 * settings.RUN_HEARTBEAT_SECONDS)
    return SyncRun.objects.filter(
        Q(state=SyncRun.State.RUNNING, lease_until__lt=now)
        | Q(state=SyncRun.State.QUEUED, created_at__lt=waited)
    ).order_by("created_at")
