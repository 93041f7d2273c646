"""The end of a run: counts that add up, its state, and what is worth a warning."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Q, Sum

from core.dates import spell
from core.exact_sum import sum_function
from core.locks import lock_rows
from core.rows import as_date
from ingestion.leases import Lease, held_by
from ingestion.leftovers import discard_run
from ingestion.models import RunFile, SyncRun
from ingestion.rejected import warn_rejected
from telemetry.loading import abandon_loads
from telemetry.locks import lock_telemetry
from telemetry.models import FileDay, SourceFile, Telemetry
from telemetry.newest import TIME_ZONES
from telemetry.selectors import get_data_range

State, Failure = SyncRun.State, SyncRun.Failure
PARTS_OF_ONE_EXPORT = timedelta(hours=1)  # files modified within it of each other


def finish_run(*, lease: Lease) -> None:
    """Count what the files came to and end the run. Raises RunLost."""
    run, now = lease.run, lease.clock()
    with transaction.atomic():
        lease.hold(now)
        counted = count_files(run)
        run.state = judge_run(run, counted)
        run.warnings = list_warnings(run, today=now.date())
        end_run(run, now, counted)


def fail_run(*, lease: Lease, message: str, failure: str) -> None:
    """End a run that met something that concerns all of its files. What it has read stays. Raises RunLost."""
    with lease.fence():
        _fail(lease.run, lease.clock(), message, failure)


def give_up_run(*, run: SyncRun, now: datetime) -> None:
    """End a run that was lost too often; whoever took it up in the meantime keeps it. What was read stays."""
    kept = "" if run.is_staged else "What it had read is kept. "
    message = (
        f"The sync stopped unexpectedly {run.attempts} times in a row without getting on. "
        f"{kept}Look at the worker's log, then sync again."
    )
    with transaction.atomic():
        lost = SyncRun.objects.filter(pk=run.pk, state=run.state, lease_owner=run.lease_owner)
        for current in lost.filter(lease_until=run.lease_until).select_for_update(of=("self",)):
            _fail(current, now, message, Failure.STOPPED)


def break_run(*, run_id: int, owner: UUID | None, now: datetime, message: str) -> bool:
    """End a run that met what nobody foresaw; False where somebody else has it, or it has ended."""
    with transaction.atomic():
        ours = SyncRun.objects.filter(held_by(owner), pk=run_id).select_for_update(of=("self",))
        run = ours.first()
        if run is not None:
            _fail(run, now, message, Failure.STOPPED, state=State.FAILED)
    return run is not None


def _fail(run: SyncRun, now: datetime, message: str, failure: str, *, state: str = "") -> None:
    pending = run.files.filter(state=RunFile.State.PENDING)
    lock_rows(pending)
    lock_telemetry(run.telemetry_id)
    reading = SourceFile.objects.filter(telemetry_id=run.telemetry_id, state=SourceFile.State.READING)
    half_read = list(reading.filter(key__in=pending.values("key")))
    pending.update(state=RunFile.State.FAILED, message=f"Not read: {message}")
    abandon_loads(source_files=half_read)
    counted = count_files(run)
    run.state = state or (State.INCOMPLETE if counted["files_read"] else State.FAILED)
    if run.is_staged:
        run.state, counted["points_written"] = State.FAILED, 0
        discard_run(run=run)
        message = f"Nothing was changed. {message}"
    run.message, run.failure = message, failure
    end_run(run, now, counted)


def count_files(run: SyncRun) -> dict[str, int]:
    """Once, at a run's end: what held nothing, or was archived, was planned to be read, and is ignored."""
    found = run.files.aggregate(
        files_read=Count("pk", filter=Q(state=RunFile.State.READ)),
        files_failed=Count("pk", filter=Q(state=RunFile.State.FAILED)),
        files_ignored=Count("pk", filter=Q(state=RunFile.State.IGNORED)),
        rows_read=Sum("rows_read", filter=Q(state=RunFile.State.READ)),
        rows_rejected=Sum("rows_rejected", filter=Q(state=RunFile.State.READ)),
        points_written=Sum("points_written"),
    )
    counted = {name: number or 0 for name, number in found.items()}
    counted["files_planned"] = run.files_planned - counted["files_ignored"]
    counted["files_ignored"] += run.files_ignored
    return counted


def judge_run(run: SyncRun, counted: dict[str, int]) -> str:
    if counted["files_failed"]:
        rest_is_in = counted["files_read"] or run.files_unchanged
        return State.INCOMPLETE if rest_is_in else State.FAILED
    return State.SUCCEEDED_WITH_REJECTS if counted["rows_rejected"] else State.SUCCEEDED


def end_run(run: SyncRun, now: datetime, counted: dict[str, int]) -> None:
    for name, number in counted.items():
        setattr(run, name, number)
    run.finished_at, run.lease_until, run.lease_owner = now, None, None
    run.save()
    if run.is_rehearsal or (run.changes_mapping and run.state == State.FAILED):
        return  # the data are what the last sync left
    first, last = get_data_range(telemetry=run.telemetry)
    Telemetry.objects.filter(pk=run.telemetry_id).update(
        last_sync_at=now, last_sync_state=run.state, data_from=first, data_through=last
    )


def list_warnings(run: SyncRun, *, today: date) -> list[str]:
    """What a person should look at although the run went well, each in a sentence or two."""
    found: tuple[str | None, ...] = (_warn_drift(run), _warn_nothing_found(run))
    if run.files_planned:
        found += (*_look_at_files(run), _warn_later_dates(run, today))
    return [text for text in found if text]


def _look_at_files(run: SyncRun) -> tuple[str | None, ...]:
    return (
        warn_rejected(run),
        _warn_passed_over(run),
        _warn_repeats(run),
        _warn_overlaps(run),
        _note_extra_columns(run),
    )


def _warn_drift(run: SyncRun) -> str | None:
    """What was previewed is not quite what was done: the files were not the same any more."""
    if run.rehearsal is None:
        return None
    if run.reads_files:
        before, now = (set(one.files.values_list("key", "etag")) for one in (run.rehearsal, run))
        different = len({key for key, _ in before ^ now})
    else:
        stored = run.telemetry.source_files.filter(state=SourceFile.State.STORED)
        different = stored.filter(imported_at__gt=run.rehearsal.finished_at).count()
    if not different:
        return None
    return (
        f"Since the preview, files were added, changed or deleted: {different:,}. "
        "What was done differs from what was shown by what they hold."
    )


def _warn_nothing_found(run: SyncRun) -> str | None:
    place = f"s3://{run.telemetry.endpoint.bucket}/{run.telemetry.full_prefix}"
    if run.found_nothing:
        return f"There is nothing under {place}. Check the prefix, or that the export has run."
    if run.files_unchanged:
        return None
    empty = run.files.filter(state=RunFile.State.IGNORED).count() if run.files_planned else 0
    ignored = run.files_ignored + empty
    if ignored and run.files_planned == empty:
        return (
            f"None of the {ignored} objects under {place} is a CSV file with anything in it "
            "(names ending in .csv or .csv.gz) that is not archived."
        )
    return None


def _warn_passed_over(run: SyncRun) -> str | None:
    """Bytes of files that were read and are not in what was read."""
    noted = run.files.filter(state=RunFile.State.READ).exclude(message="").order_by("pk")
    first = noted.first()
    if first is None:
        return None
    more = noted.count() - 1
    return f"{first.key}: {first.message}" + (f" So it was with {more:,} more files." if more else "")


def _warn_later_dates(run: SyncRun, today: date) -> str | None:
    read = run.files.filter(state=RunFile.State.READ).values("source_file")
    days = FileDay.objects.filter(source_file__in=read, date__gt=today + TIME_ZONES)
    dates = days.aggregate(dates=Count("date", distinct=True))["dates"]
    if not dates:
        return None
    newest = days.select_related("source_file").order_by("-date", "source_file__key").first()
    return (
        f"Dates after tomorrow: {dates:,}. The newest is {spell(newest.date)} in {newest.source_file.key}. "
        "They count on their own dates, but freshness, coverage and charts go by the newest date up to "
        "tomorrow. If such dates are not meant, correct the files and sync again."
    )


def _warn_repeats(run: SyncRun) -> str | None:
    files = run.files.filter(rows_repeated__gt=0)
    repeated = files.aggregate(rows=Sum("rows_repeated"))["rows"]
    if not repeated:
        return None
    return (
        f"Rows equal to an earlier row of their file in everything but the metric: {repeated}; "
        f"their values were added up. First in {files.order_by('pk').first().key}."
    )


def _note_extra_columns(run: SyncRun) -> str | None:
    names: dict[str, None] = {}
    read = run.files.filter(state=RunFile.State.READ).exclude(extra_columns=[])
    for columns in read.values_list("extra_columns", flat=True)[:1_000]:
        names |= dict.fromkeys(columns)
    return f"Columns that are not used: {', '.join(list(names)[:50])}." if names else None


def _warn_overlaps(run: SyncRun) -> str | None:
    """Files of this run that look like parts of one export, and hold different values for the same point."""
    if (run.new_overlap or run.telemetry.overlap) == Telemetry.Overlap.ADD:
        return None
    found = _find_overlap(run)
    if found is None:
        return None
    one, other, day = found
    return (
        f"{one} and {other} were modified within an hour of each other and hold different values for the "
        f"same point of {spell(as_date(day))}; the newer one counts. If they are parts of one export, choose "
        "the overlap rule that adds values up."
    )


def _find_overlap(run: SyncRun) -> tuple[str, str, date] | None:
    """Two keys and a date.

    Only files with another one near them in time are looked into: windows of days that are restated day after
    day would be compared all with all. And of those near each other, where any two differ, two that follow
    each other do.
    """
    value = f"{sum_function(connection.vendor)}(p.value)"
    sql = f"""
        WITH read_days AS (
            SELECT d.date, d.source_file_id, f.key, f.last_modified,
                   lag(f.last_modified) OVER in_order AS before, lead(f.last_modified) OVER in_order AS after
            FROM ingestion_runfile r
            JOIN telemetry_sourcefile f ON f.id = r.source_file_id
            JOIN telemetry_fileday d ON d.source_file_id = f.id
            WHERE r.run_id = %s AND r.state = 'read'
            WINDOW in_order AS (PARTITION BY d.date ORDER BY f.last_modified, f.key)
        ), held AS (
            SELECT d.date, d.key, d.last_modified, p.series_id, {value} AS value
            FROM read_days d
            JOIN telemetry_datapoint p ON p.source_file_id = d.source_file_id AND p.date = d.date
            WHERE {_near("d.before", "d.last_modified")} OR {_near("d.last_modified", "d.after")}
            GROUP BY d.date, d.key, d.last_modified, p.series_id
        ), in_turn AS (
            SELECT date, key, last_modified, value, lag(key) OVER in_order AS other_key,
                   lag(last_modified) OVER in_order AS before, lag(value) OVER in_order AS other_value
            FROM held
            WINDOW in_order AS (PARTITION BY date, series_id ORDER BY last_modified, key)
        )
        SELECT other_key, key, date FROM in_turn
        WHERE value <> other_value AND {_near("before", "last_modified")} LIMIT 1"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [run.pk])
        return cursor.fetchone()


def _near(earlier: str, later: str) -> str:
    """SQL: the two were modified within PARTS_OF_ONE_EXPORT of each other; not so where one is NULL."""
    seconds = int(PARTS_OF_ONE_EXPORT.total_seconds())
    if connection.vendor == "sqlite":
        return f"unixepoch({later}) - unixepoch({earlier}) <= {seconds}"
    return f"{later} - {earlier} <= interval '{seconds} seconds'"
