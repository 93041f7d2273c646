"""Reading one file of a run: from the bucket through the CSV reader into the telemetry's points."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import structlog
from django.db import transaction

from csvfiles.errors import FileError
from csvfiles.judge import RejectedRow as Rejected
from csvfiles.mapping import Mapping
from endpoints.errors import (
    NoCredentials,
    NoSuchBucket,
    ObjectChanged,
    ObjectGone,
    RoleDenied,
    StorageError,
    Unreachable,
    WrongRegion,
)
from endpoints.storage import Bucket, S3Object
from ingestion.ahead import FileReader
from ingestion.leases import Lease
from ingestion.models import RejectedRow, RunFile
from telemetry.loading import (
    Loader,
    LoadLost,
    Outcome,
    begin_load,
    clear_lost,
    complete_load,
    drop_load,
    fail_load,
)
from telemetry.models import SourceFile
from telemetry.series import SeriesIds

log = structlog.get_logger(__name__)

# What meets one file would meet every other: no sense in asking for each.
CONCERNS_EVERY_FILE = (NoCredentials, NoSuchBucket, RoleDenied, Unreachable, WrongRegion)
_GONE = "The object was deleted before it could be read."
VERSIONS_TRIED = 3  # of an object that is overwritten again and again while it is read


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reading of a run's files shares."""

    lease: Lease
    bucket: Bucket
    mapping: Mapping
    series: SeriesIds

    def start(self, run_file: RunFile) -> FileReader:
        """Begin to fetch and parse the file."""
        version = S3Object(run_file.key, run_file.etag, run_file.size, run_file.last_modified)
        return FileReader(bucket=self.bucket, version=version, mapping=self.mapping)


def read_file(*, run_file: RunFile, reading: Reading, ahead: FileReader) -> None:
    """Read the file, or record why it cannot be read. `ahead` has begun to, in the version of `run_file`.

    Raises RunLost, LoadLost, and the StorageErrors that would meet every other file too.
    """
    for attempt in range(VERSIONS_TRIED):
        source_file = _begin(run_file, reading.lease)
        try:
            with closing(ahead if attempt == 0 else reading.start(run_file)) as file_reader:
                _load(run_file, source_file, reading, file_reader)
        except ObjectChanged as error:
            newest = _find_newest(reading.bucket, run_file.key)
            drop_load(source_file=source_file, message=str(error))
            if newest is None:
                _record_failure(run_file, _GONE)
                return
            _move_to(run_file, newest)
        except ObjectGone:
            drop_load(source_file=source_file, message=_GONE)
            _record_failure(run_file, _GONE)
            return
        except (FileError, StorageError) as error:
            fail_load(source_file=source_file, message=str(error))
            _record_failure(run_file, str(error))
            if isinstance(error, CONCERNS_EVERY_FILE):
                raise
            return
        except LoadLost:
            clear_lost(source_file=source_file)
            raise
        else:
            return
    _record_failure(run_file, "The object was overwritten each time while it was read. Sync again later.")


def _begin(run_file: RunFile, lease: Lease) -> SourceFile:
    source_file = begin_load(
        telemetry=lease.run.telemetry,
        key=run_file.key,
        etag=run_file.etag,
        size=run_file.size,
        last_modified=run_file.last_modified,
    )
    if run_file.source_file_id is not None:  # an attempt was lost
        run_file.rejected_rows.all().delete()
    run_file.source_file = source_file
    run_file.save(update_fields=["source_file"])
    return source_file


def _load(run_file: RunFile, source_file: SourceFile, reading: Reading, ahead: FileReader) -> None:
    loader = Loader(source_file, reading.series)
    for batch in ahead.batches(while_waiting=lambda: reading.lease.renew(run_file)):
        loader.add(points=batch.points, combinations=batch.combinations)
        _keep_rejects(run_file, batch.rejects)
        reading.lease.renew(run_file)
    reader = ahead.result
    outcome = Outcome(reader.rows_read, reader.rows_rejected, reader.rows_by_day, reader.totals)
    points = loader.count_points()
    with transaction.atomic():
        complete_load(source_file=source_file, outcome=outcome, points=points, now=reading.lease.clock())
        run_file.state = RunFile.State.READ
        run_file.rows_read, run_file.rows_rejected = reader.rows_read, reader.rows_rejected
        run_file.rows_repeated = reader.rows_repeated
        run_file.points_written = points
        run_file.reject_reasons = dict(reader.reasons)
        run_file.extra_columns = reader.extra_columns
        run_file.save()
    log.info("file read", run=run_file.run_id, source_file=source_file.pk, rows=reader.rows_read)


def _keep_rejects(run_file: RunFile, rejects: list[Rejected]) -> None:
    RejectedRow.objects.bulk_create(
        (
            RejectedRow(run_file=run_file, row_number=row.row_number, reason=row.reason, cells=row.cells)
            for row in rejects
        ),
        batch_size=1_000,
    )


def _record_failure(run_file: RunFile, message: str) -> None:
    run_file.rejected_rows.all().delete()
    run_file.state, run_file.message = RunFile.State.FAILED, message
    run_file.save(update_fields=["state", "message"])
    log.warning("file failed", run=run_file.run_id, source_file=run_file.source_file_id)


def _find_newest(bucket: Bucket, key: str) -> S3Object | None:
    page = next(bucket.list_pages(key), [])
    return next((found for found in page if found.key == key), None)


def _move_to(run_file: RunFile, newest: S3Object) -> None:
    run_file.etag, run_file.size, run_file.last_modified = newest.etag, newest.size, newest.last_modified
    run_file.save(update_fields=["etag", "size", "last_modified"])
