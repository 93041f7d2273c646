from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Max, Min, Q, QuerySet, Sum

from ingestion.models import FileDay, RejectedRow, Run, RunFile, Source, SourceFile

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


def list_runs(*, source: Source) -> QuerySet[Run]:
    """The source's runs, newest first."""
    return source.runs.select_related("requested_by")


def get_active_run(*, source: Source) -> Run | None:
    """The run that is queued or going on."""
    return source.runs.filter(state__in=Run.ACTIVE_STATES).first()


def list_run_files(*, run: Run) -> QuerySet[RunFile]:
    """The files that the run read or failed to read, in the order of their keys' listing."""
    files = run.files.filter(state__in=[RunFile.State.READ, RunFile.State.FAILED])
    return files.select_related("source_file").order_by("pk")


def list_rejected_rows(
    *, run: Run | None = None, source: Source | None = None, reason: str | None = None
) -> QuerySet[RejectedRow]:
    """Rejected rows of a run, or of a source's stored files as they are now; of one reason, or all."""
    if run is None and source is None:
        raise TypeError("Pass `run` or `source`.")
    rows = RejectedRow.objects.select_related("run_file").order_by("run_file", "row_number")
    if run is not None:
        rows = rows.filter(run_file__run=run)
    if source is not None:
        rows = rows.filter(run_file__run__source=source, run_file__source_file__state=SourceFile.State.STORED)
    return rows.filter(reason=reason) if reason else rows


def count_rejected_rows(*, source: Source) -> int:
    """How many rows of the stored files were rejected, also those whose cells are not kept."""
    stored = source.source_files.filter(state=SourceFile.State.STORED)
    return stored.aggregate(rows=Sum("rows_rejected"))["rows"] or 0


def list_reasons(*, run: Run) -> list[Reason]:
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


def count_rows(*, run: Run) -> dict[str, int]:
    """What a run has read so far, for showing its progress."""
    done = run.files.exclude(state=RunFile.State.PENDING)
    rows = done.aggregate(rows=Sum("source_file__rows_read"))["rows"] or 0
    return {"files_done": done.count(), "files_planned": run.files_planned, "rows_read": rows}


def list_source_files(*, source: Source) -> QuerySet[SourceFile]:
    """The newest versions of the source's files, and the stored ones where these are others."""
    return source.source_files.exclude(
        state__in=[SourceFile.State.SUPERSEDED, SourceFile.State.READING, SourceFile.State.STAGED]
    ).order_by("-last_modified", "key")


def get_data_range(*, source: Source) -> tuple[date | None, date | None]:
    """The first and the last date with data."""
    found = FileDay.objects.filter(source=source).aggregate(first=Min("date"), last=Max("date"))
    return found["first"], found["last"]


def is_over(field: str, now: datetime) -> Q:
    """That the hold until `field` is over: not renewed, or from a clock that was far ahead and is not now."""
    longest = CLOCKS_APART + timedelta(seconds=2 * settings.RUN_HEARTBEAT_SECONDS)
    return Q(**{f"{field}__lt": now}) | Q(**{f"{field}__gt": now + longest})


def list_lost_runs(*, now: datetime) -> list[Run]:
    """Runs whose worker has not been heard of, or whose message has found none, and is worth another one.

    Workers may be busy for hours, and then every message waits with the others: the first one more comes at
    once, the next after ever longer, up to an hour.
    """
    waited = now - timedelta(seconds=4 * settings.RUN_HEARTBEAT_SECONDS)
    runs = Run.objects.filter(
        Q(is_over("lease_until", now), state=Run.State.RUNNING)
        | Q(Q(created_at__lt=waited) | Q(created_at__gt=now + CLOCKS_APART), state=Run.State.QUEUED)
    )
    return [run for run in runs.order_by("created_at") if _is_worth_a_message(run, now)]


def _is_worth_a_message(run: Run, now: datetime) -> bool:
    lost_at = run.lease_until or run.created_at
    if run.queued_at is None or run.queued_at < lost_at or run.queued_at > now:
        return True
    pause = min(max(run.queued_at - lost_at, MESSAGES_APART), MESSAGES_APART_AT_MOST)
    return now - run.queued_at >= pause
