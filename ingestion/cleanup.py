"""The end of a source's runs and files, for good."""

from __future__ import annotations

from datetime import datetime

from core.deleting import delete_in_portions
from ingestion.datasets import get_dataset
from ingestion.finish import break_run
from ingestion.models import RejectedRow, Run, RunFile, RunHelper, Source


def end_active_runs(*, source: Source, now: datetime, message: str) -> None:
    """Fail the run that waits or goes on; its worker finds out with the next batch, and writes no more."""
    for run in Run.objects.filter(source=source, state__in=Run.ACTIVE_STATES):
        while not break_run(run_id=run.pk, owner=run.lease_owner, now=now, message=message):
            run.refresh_from_db()  # somebody has taken it up or ended it
            if run.state not in Run.ACTIVE_STATES:
                break


def delete_runs(*, source: Source) -> None:
    """Delete the record of the runs that have ended, in transactions of a bounded size."""
    runs = Run.objects.filter(source=source, finished_at__isnull=False)
    delete_in_portions(RejectedRow.objects.filter(run_file__run__in=runs))
    delete_in_portions(RunFile.objects.filter(run__in=runs))
    delete_in_portions(RunHelper.objects.filter(run__in=runs))
    runs.exclude(preview=None).update(preview=None)
    get_dataset(source.kind).delete_details(runs)
    delete_in_portions(runs)
