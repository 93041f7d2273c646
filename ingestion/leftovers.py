"""What a run leaves behind that read files for a comparison, or for a change that did not come about."""

from __future__ import annotations

from django.db import transaction

from ingestion.models import RejectedRow, SyncRun
from telemetry.loading import abandon_loads
from telemetry.locks import lock_telemetry
from telemetry.models import SourceFile
from telemetry.staging import discard_staged


def discard_run(*, run: SyncRun) -> None:
    """Nothing stays of a staged run but its record.

    Rows that it rejected may hold cells of columns that were not selected after all.
    """
    with transaction.atomic():
        lock_telemetry(run.telemetry_id)
        RejectedRow.objects.filter(run_file__run=run).delete()
        begun = run.telemetry.source_files.filter(state=SourceFile.State.READING)
        abandon_loads(source_files=list(begun))
        discard_staged(telemetry=run.telemetry)
        SourceFile.objects.filter(run_files__run=run, state=SourceFile.State.SUPERSEDED).delete()
