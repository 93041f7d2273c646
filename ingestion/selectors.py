from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from ingestion.models import RejectedRow, RunFile, SyncRun
from telemetry.models import SourceFile, Telemetry

EXAMPLES = 3  # rows shown for a reason
EXPLAINED = 20  # reasons with examples; there are hardly ever as many


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows were rejected. `rows` counts also those whose cells are not kept."""

    text: str
    rows: int
    rows_of_failed: int  # of these, in files that failed as a whole
    examples: list[RejectedRow]


CLOCKS_APART = timedelta(hours=2)  # no lease ends so late but one from a clock that was put back
MESSAGES_APART, MESSAGES_APART_AT_MOST = timedelta(minutes=1), timedelta(hours=1)


def list_runs(*, telemetry: Telemetry) -> QuerySet[SyncRun]:
    """The telemetry's runs, newest first."""
    return telemetry.sync_runs.select_related("requested_by")


def get_active_run(*, telemetry: Telemetry) -> SyncRun | None:
    """The run that is queued or going on."""
    return telemetry.sync_runs.filter(state__in=SyncRun.ACTIVE_STATES).first()


def list_run_files(*, run: SyncRun) -> QuerySet[RunFile]:
    """The files that the run read or failed to read, in the order of their keys' listing."""
    return run.files.filter(state__in=[RunFile.State.READ, RunFile.State.FAILED]).order_by("pk")


def list_rejected_rows(
    *, run: SyncRun | None = None, telemetry: Telemetry | None = None, reason: str | None = None
) -> QuerySet[RejectedRow]:
    """Rejected rows of a run, or of a telemetry's stored files as they are now; of one reason, or all."""
    if run is None and telemetry is None:
        raise TypeError("Whose rejected rows? Name a run or a telemetry.")
    rows = RejectedRow.objects.select_related("run_file").order_by("run_file", "row_number")
    if run is not None:
        rows = rows.filter(run_file__run=run)
    if telemetry is not None:
        rows = rows.filter(
            run_file__run__telemetry=telemetry, run_file__source_file__state=SourceFile.State.STORED
        )
    return rows.filter(reason=reason) if reason else rows


def count_rejected_rows(*, telemetry: Telemetry) -> int:
    """How many rows of the stored files were rejected, also those whose cells are not kept."""
    stored = telemetry.source_files.filter(state=SourceFile.State.STORED)
    return stored.aggregate(rows=Sum("rows_rejected"))["rows"] or 0


def list_reasons(*, run: SyncRun) -> list[Reason]:
    """Why rows of the run were rejected, the most frequent reason first."""
    all_rows: Counter[str] = Counter()
    of_failed: Counter[str] = Counter()
    files = run.files.exclude(reject_reasons={}).values_list("state", "reject_reasons")
    for state, reasons in files.iterator():
        all_rows.update(reasons)
        if state == RunFile.State.FAILED:
            of_failed.update(reasons)
    ordered = sorted(all_rows.items(), key=lambda item: (-item[1], item[0]))
    return [
        Reason(
            text=text,
            rows=rows,
            rows_of_failed=of_failed[text],
            examples=list(list_rejected_rows(run=run, reason=text)[:EXAMPLES]) if place < EXPLAINED else [],
        )
        for place, (text, rows) in enumerate(ordered)
    ]


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


def list_runs_ahead(*, now: datetime) -> QuerySet[SyncRun]:
    """Scheduled runs of days whose sync is not due yet: begun while the clock was ahead."""
    day, _ = last_due_day(now=now)
    return SyncRun.objects.filter(Q(scheduled_day__gt=day) | Q(scheduled_day=day, created_at__gt=now))


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


def is_over(field: str, now: datetime) -> Q:
    """That the hold until `field` is over: not renewed, or from a clock that was far ahead and is not now."""
    longest = CLOCKS_APART + timedelta(seconds=2 * settings.RUN_HEARTBEAT_SECONDS)
    return Q(**{f"{field}__lt": now}) | Q(**{f"{field}__gt": now + longest})


def list_lost_runs(*, now: datetime) -> list[SyncRun]:
    """Runs whose worker has not been heard of, or whose message has found none, and is worth another one.

    Workers may be busy for hours, and then every message waits with the others: the first one more comes at
    once, the next after ever longer, up to an hour.
    """
    waited = now - timedelta(seconds=4 * settings.RUN_HEARTBEAT_SECONDS)
    runs = SyncRun.objects.filter(
        Q(is_over("lease_until", now), state=SyncRun.State.RUNNING)
        | Q(Q(created_at__lt=waited) | Q(created_at__gt=now + CLOCKS_APART), state=SyncRun.State.QUEUED)
    )
    return [run for run in runs.order_by("created_at") if _is_worth_a_message(run, now)]


def _is_worth_a_message(run: SyncRun, now: datetime) -> bool:
    lost_at = run.lease_until or run.created_at
    if run.queued_at is None or run.queued_at < lost_at or run.queued_at > now:
        return True
    patience = min(max(run.queued_at - lost_at, MESSAGES_APART), MESSAGES_APART_AT_MOST)
    return now - run.queued_at >= patience
