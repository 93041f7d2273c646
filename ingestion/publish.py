"""Making what was read count: the files of a batch in one transaction, with what they came to."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.db import transaction

from core.updating import update_each
from ingestion.leases import Lease, release_file
from ingestion.models import RunFile
from ingestion.read import ReadFile, still_ours
from ingestion.versions import LoadLost, abandon_loads, complete_loads, stage_loads

AFTER_GZIP = "Bytes after the end of its gzip data were ignored, as gzip does."

log = structlog.get_logger(__name__)


def publish(*, lease: Lease, read: Sequence[ReadFile]) -> None:
    """All at once; where one has been taken over, each by itself. What they hold is written."""
    try:
        with transaction.atomic():
            record_read(read=read)
            complete = stage_loads if lease.run.is_staged else complete_loads
            complete(loads=[one.loaded for one in read], now=lease.clock())
    except LoadLost:
        if len(read) > 1:
            for one in read:
                publish(lease=lease, read=[one])
        else:
            note_lost(read[0].run_file)
            abandon_loads(source_files=[read[0].loaded.source_file])
    else:
        for one in read:
            log.info(
                "file read",
                run=one.run_file.run_id,
                source_file=one.loaded.source_file.pk,
                rows=one.loaded.reader.rows_read,
            )


def record_read(*, read: Sequence[ReadFile]) -> None:
    """Note what files came to, in the transaction that makes them count. Raises LoadLost."""
    recorded = update_each(RunFile, [(still_ours(one.run_file), _describe(one)) for one in read])
    if recorded != len(read):
        raise LoadLost(", ".join(one.run_file.key for one in read))


def note_lost(run_file: RunFile) -> None:
    """Let somebody else read a file that was taken over while it was read."""
    log.warning("file taken over", run=run_file.run_id, file=run_file.pk)
    release_file(run_file=run_file)


def _describe(read: ReadFile) -> dict[str, object]:
    reader = read.loaded.reader
    return {
        "state": RunFile.State.READ,
        "source_file": read.loaded.source_file.pk,
        "rows_repeated": reader.rows_repeated,
        "reject_reasons": dict(reader.reasons),
        "extra_columns": reader.extra_columns,
        "message": AFTER_GZIP if reader.ignores_rest else "",
    }
