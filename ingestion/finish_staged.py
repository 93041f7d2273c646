"""The end of a run whose files waited for each other: a preview is compared and dropped, a changeover counts
all at once or not at all.
"""

from __future__ import annotations

from django.db import connection, transaction

from ingestion.datasets import CannotReproject, get_dataset
from ingestion.finish import count_files, end_run, fail_run, judge_run
from ingestion.leases import Lease, RunLost
from ingestion.models import RejectedRow, Run
from ingestion.staging import apply_staged, discard_run
from ingestion.versions import LoadLost
from ingestion.warnings import list_warnings


def finish_staged_run(*, lease: Lease) -> None:
    """Compare, or change over. Raises RunLost."""
    run = lease.run
    dataset = get_dataset(run.source.kind)
    try:
        if run.is_changeover:
            dataset.reproject(run, renew=lease.renew)
    except LoadLost:
        raise RunLost(str(run.public_id)) from None
    except CannotReproject as error:
        fail_run(lease=lease, message=str(error), failure=Run.Failure.UNREADABLE)
        return
    if run.is_preview:
        _finish_preview(lease)
    elif refusal := dataset.refuse_changeover(run):
        fail_run(lease=lease, message=refusal, failure=Run.Failure.UNREADABLE)
    else:
        _finish_changeover(lease)


def _finish_preview(lease: Lease) -> None:
    run, now = lease.run, lease.clock()
    # One transaction to its end: whoever takes the run for lost meanwhile waits for it, and finds it ended.
    with transaction.atomic():
        lease.hold(now)
        counted = count_files(run)
        run.state = judge_run(run, counted)
        run.warnings = list_warnings(run, today=now.date())
        run.changes = get_dataset(run.source.kind).diff(run)
        discard_run(run=run)
        end_run(run, now, {**counted, "points_written": 0})


def _finish_changeover(lease: Lease) -> None:
    run, now = lease.run, lease.clock()
    with transaction.atomic():
        lease.hold(now)
        counted = count_files(run)
        run.state = judge_run(run, counted)
        if run.state == Run.State.FAILED:  # no file could be read; yet what is stored has changed over
            run.state = Run.State.INCOMPLETE
        run.warnings = list_warnings(run, today=now.date())
        _forget_cells(run, apply_staged(run=run))
        end_run(run, now, counted)


def _forget_cells(run: Run, columns: list[str]) -> None:
    """A column that is not selected any more is not kept: also not of the rows that were rejected before."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                """UPDATE ingestion_rejectedrow SET cells = cells - %s::text[] WHERE run_file_id IN (
                    SELECT f.id FROM ingestion_runfile f JOIN ingestion_run r ON r.id = f.run_id
                    WHERE r.source_id = %s)""",
                [columns, run.source_id],
            )
        return
    for row in RejectedRow.objects.filter(run_file__run__source=run.source).exclude(cells={}):
        row.cells = {column: cell for column, cell in row.cells.items() if column not in columns}
        row.save(update_fields=["cells"])
