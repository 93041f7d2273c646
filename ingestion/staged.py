"""The end of a run whose files waited for each other: a rehearsal is compared and dropped, a change of the
mapping counts all at once or not at all.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from ingestion.finish import count_files, end_run, fail_run, judge_run, list_warnings
from ingestion.leases import Lease, RunLost
from ingestion.leftovers import discard_run
from ingestion.models import RejectedRow, SyncRun
from telemetry.carrying import CannotCarryOver, CarriedOver, carry_over, describe_carried_over, list_unread
from telemetry.comparing import compare_staged
from telemetry.loading import LoadLost
from telemetry.selectors import list_dimensions
from telemetry.staging import apply_staged


def finish_staged_run(*, lease: Lease) -> None:
    """Compare, or change over. Raises RunLost."""
    run = lease.run
    try:
        if run.new_dimensions is not None:
            _carry_over_the_rest(lease)
    except LoadLost:
        raise RunLost(str(run.public_id)) from None
    except CannotCarryOver as error:
        fail_run(lease=lease, message=str(error), failure=SyncRun.Failure.UNREADABLE)
        return
    if run.is_rehearsal:
        _finish_rehearsal(lease)
        return
    unread = describe_carried_over(telemetry=run.telemetry)
    if unread.files and adds_dimension(run) and not run.keeps_unreadable:
        fail_run(lease=lease, message=_explain_unread(unread), failure=SyncRun.Failure.UNREADABLE)
    else:
        _finish_change(lease)


def adds_dimension(run: SyncRun) -> bool:
    """Whether it reads a column that the telemetry has no values of."""
    return bool(set(run.new_dimensions or ()) - set(list_dimensions(telemetry=run.telemetry)))


def _carry_over_the_rest(lease: Lease) -> None:
    telemetry = lease.run.telemetry
    for source_file in list_unread(telemetry=telemetry).iterator(chunk_size=500):
        source_file.telemetry = telemetry
        carry_over(source_file=source_file, dimensions=lease.run.new_dimensions, renew=lease.renew)
        lease.renew()


def _finish_rehearsal(lease: Lease) -> None:
    run, now = lease.run, lease.clock()
    # One transaction to its end: whoever takes the run for lost meanwhile waits for it, and finds it ended.
    with transaction.atomic():
        lease.hold(now)
        counted = count_files(run)
        run.state = judge_run(run, counted)
        run.warnings = list_warnings(run, today=now.date())
        run.comparison = _compare(run)
        discard_run(run=run)
        end_run(run, now, {**counted, "points_written": 0})


def _compare(run: SyncRun) -> dict[str, Any]:
    unread = describe_carried_over(telemetry=run.telemetry)
    return {
        **compare_staged(
            telemetry=run.telemetry, dimensions=run.new_dimensions, overlap=run.new_overlap
        ).to_json(),
        "unreadable": {"files": unread.files, "days": unread.days, "keys": unread.keys},
        "dropped": _list_dropped(run),
        "needs_consent": bool(unread.files) and adds_dimension(run),
    }


def _finish_change(lease: Lease) -> None:
    run, now = lease.run, lease.clock()
    with transaction.atomic():
        lease.hold(now)
        counted = count_files(run)
        run.state = judge_run(run, counted)
        if run.state == SyncRun.State.FAILED:  # no file could be read; yet what is stored has changed over
            run.state = SyncRun.State.INCOMPLETE
        run.warnings = list_warnings(run, today=now.date())
        dropped = _list_dropped(run)
        apply_staged(telemetry=run.telemetry, dimensions=run.new_dimensions, overlap=run.new_overlap)
        _forget_cells(run, dropped)
        end_run(run, now, counted)


def _list_dropped(run: SyncRun) -> list[str]:
    if run.new_dimensions is None:
        return []
    held = list_dimensions(telemetry=run.telemetry)
    return [column for column in held if column not in run.new_dimensions]


def _forget_cells(run: SyncRun, columns: list[str]) -> None:
    """A column that is not selected any more is not kept: also not of the rows that were rejected before."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                """UPDATE ingestion_rejectedrow SET cells = cells - %s::text[] WHERE run_file_id IN (
                    SELECT f.id FROM ingestion_runfile f JOIN ingestion_syncrun r ON r.id = f.run_id
                    WHERE r.telemetry_id = %s)""",
                [columns, run.telemetry_id],
            )
        return
    for row in RejectedRow.objects.filter(run_file__run__telemetry=run.telemetry).exclude(cells={}):
        row.cells = {column: cell for column, cell in row.cells.items() if column not in columns}
        row.save(update_fields=["cells"])


def _explain_unread(unread: CarriedOver) -> str:
    first = ", ".join(unread.keys[:3])
    more = f" and {unread.files - 3:,} more" if unread.files > 3 else ""
    return (
        f"Stored files that cannot be read again by the new dimensions: {unread.files:,} "
        f"with {unread.days:,} days ({first}{more}). Put them back, or agree that they keep counting with an "
        "empty value under the new dimension."
    )
