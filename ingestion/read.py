"""Reading one file of a run: from the bucket through the CSV reader into the telemetry's points."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field

import structlog
from django.db import transaction

from core.updating import update_each
from csvfiles.errors import EmptyFile, FileError, MissingColumn
from csvfiles.judge import RejectedRow as Rejected
from csvfiles.mapping import Mapping
from csvfiles.names import HOLDS_NOTHING
from csvfiles.read import PointReader
from endpoints.error_types import (
    NoCredentials,
    NoSuchBucket,
    ObjectArchived,
    ObjectChanged,
    ObjectGone,
    PackedPolicyTooLarge,
    RequesterPays,
    RoleDenied,
    SessionPolicyRefused,
    StorageError,
    Unreachable,
    WrongRegion,
)
from endpoints.storage import Bucket, S3Object
from ingestion.ahead import FileReader, Known, Waiting
from ingestion.leases import Lease, lock_files
from ingestion.models import RejectedRow, RunFile
from ingestion.threshold import TooManyRejected, check_rejects
from telemetry.blocks import BlockWriter
from telemetry.ignoring import reason_archived
from telemetry.loading import (
    Load,
    Loaded,
    LoadLost,
    Outcome,
    Version,
    begin_loads,
    drop_load,
    fail_load,
    ignore_load,
)
from telemetry.models import SourceFile, Telemetry
from telemetry.series import SeriesIds

log = structlog.get_logger(__name__)

# What meets one file would meet every other: no sense in asking for each.
CONCERNS_EVERY_FILE = (
    NoCredentials,
    NoSuchBucket,
    PackedPolicyTooLarge,
    RequesterPays,
    RoleDenied,
    SessionPolicyRefused,
    Unreachable,
    WrongRegion,
)
_GONE = (
    "The object was deleted before it could be read. If it is still in the bucket, the store's listing "
    "encodes names otherwise than it says (EncodingType)."
)
AFTER_GZIP = "Bytes after the end of its gzip data were ignored, as gzip does."
_OVERWRITTEN = "The object was overwritten each time while it was read. Sync again later."
VERSIONS_TRIED = 3  # of an object that is overwritten again and again while it is read


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reading of a run's files shares."""

    lease: Lease
    bucket: Bucket
    mapping: Mapping
    series: SeriesIds
    known: Known = field(default_factory=Known)
    waiting: Waiting = field(default_factory=Waiting)

    def start(self, run_file: RunFile, *, after: FileReader | None = None) -> FileReader:
        """Begin to fetch and parse the file, at once or after another one."""
        version = S3Object(run_file.key, run_file.etag, run_file.size, run_file.last_modified)
        return FileReader(
            bucket=self.bucket,
            version=version,
            mapping=self.mapping,
            known=self.known,
            after=after,
            waiting=self.waiting,
        )


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read to its end and does not count yet."""

    run_file: RunFile
    loaded: Loaded
    reader: PointReader


def read_file(
    *, run_file: RunFile, source_file: SourceFile, reading: Reading, writer: BlockWriter, ahead: FileReader
) -> ReadFile | None:
    """Read the file, or record why it cannot be read, or that it holds nothing, and return None.

    `source_file` is the version of `run_file`, begun; `ahead` has begun to fetch it.
    Raises RunLost, LoadLost, and the StorageErrors that would meet every other file too.
    """
    for attempt in range(VERSIONS_TRIED):
        if attempt:
            [source_file] = begin(run_files=[run_file], telemetry=reading.lease.run.telemetry)
        load = Load(source_file, reading.series, writer)
        try:
            with closing(reading.start(run_file) if attempt else ahead) as file_reader:
                return _read(run_file, load, reading, file_reader)
        except ObjectChanged as error:
            load.discard()
            newest = _find_newest(reading.bucket, run_file.key)
            drop_load(source_file=source_file, message=str(error))
            if newest is None:
                _record_failure(run_file, source_file, _GONE)
                return None
            _move_to(run_file, newest)
        except ObjectGone:
            load.discard()
            _record_gone(run_file, source_file)
            return None
        except (FileError, StorageError) as error:
            load.discard()
            _record_unreadable(run_file, source_file, reading, error)
            if isinstance(error, CONCERNS_EVERY_FILE):
                raise
            return None
        except TooManyRejected as error:
            load.discard()
            reader = file_reader.result
            _fail(reading, source_file, str(error), **_count_rows(reader))
            _record_failure(run_file, source_file, str(error), too_many=reader)
            return None
        except LoadLost:
            load.discard()
            raise
    _record_failure(run_file, source_file, _OVERWRITTEN)
    return None


def begin(*, run_files: Sequence[RunFile], telemetry: Telemetry) -> list[SourceFile]:
    """The versions of these files, about to be read; nothing is left of an attempt that was lost.

    Raises LoadLost where somebody has taken one of the files over.
    """
    versions = [Version(file.key, file.etag, file.size, file.last_modified) for file in run_files]
    with transaction.atomic():
        _lock(run_files)
        RejectedRow.objects.filter(run_file__in=run_files).delete()
        return begin_loads(telemetry=telemetry, versions=versions)


def record_read(*, read: Sequence[ReadFile]) -> None:
    """Note what files came to, in the transaction that makes them count. Raises LoadLost."""
    recorded = update_each(RunFile, [(_still_ours(one.run_file), _describe(one)) for one in read])
    if recorded != len(read):
        raise LoadLost(", ".join(one.run_file.key for one in read))


def _describe(read: ReadFile) -> dict[str, object]:
    reader = read.reader
    return {
        "state": RunFile.State.READ,
        "source_file": read.loaded.source_file.pk,
        "rows_read": reader.rows_read,
        "rows_rejected": reader.rows_rejected,
        "rows_repeated": reader.rows_repeated,
        "points_written": read.loaded.points,
        "reject_reasons": dict(reader.reasons),
        "extra_columns": reader.extra_columns,
        "message": AFTER_GZIP if reader.ignores_rest else "",
    }


def _read(run_file: RunFile, load: Load, reading: Reading, ahead: FileReader) -> ReadFile:
    for batch in ahead.batches(while_waiting=reading.lease.renew):
        load.add(points=batch.points, combinations=batch.combinations)
        if not reading.lease.run.is_rehearsal:  # its columns may never be selected: no cell of them is kept
            _keep_rejects(run_file, batch.rejects)
        reading.lease.renew()
    reader = ahead.result
    telemetry = reading.lease.run.telemetry
    check_rejects(telemetry=telemetry, rows_read=reader.rows_read, reasons=reader.reasons)
    outcome = Outcome(
        reader.rows_read, reader.rows_rejected, reader.rows_by_day, reader.totals, reader.rejected_by_day
    )
    return ReadFile(run_file, load.finish(outcome), reader)


def _keep_rejects(run_file: RunFile, rejects: list[Rejected]) -> None:
    """Raises LoadLost: rows of a reader that lost the file must not come among those of its successor."""
    if not rejects:
        return
    kept = (
        RejectedRow(run_file=run_file, row_number=row.row_number, reason=row.reason, cells=row.cells)
        for row in rejects
    )
    with transaction.atomic():
        _lock([run_file])
        RejectedRow.objects.bulk_create(kept, batch_size=1_000)


def _lock(run_files: Sequence[RunFile]) -> None:
    if not lock_files(run_files=run_files):
        raise LoadLost(run_files[0].key)


def _record_failure(
    run_file: RunFile,
    source_file: SourceFile,
    message: str,
    *,
    too_many: PointReader | None = None,
    **header: list[str],
) -> None:
    """End the reading of a file that this process has taken. Raises LoadLost where it has it no more.

    `too_many`: it was read to its end and rejected too many rows. They stay, for somebody to mend.
    """
    counts = {}
    if too_many is not None:
        counts = {**_count_rows(too_many), "reject_reasons": dict(too_many.reasons)}
    _settle(run_file, source_file, state=RunFile.State.FAILED, message=message, **counts, **header)
    log.warning("file failed", run=run_file.run_id, source_file=source_file.pk)


def _record_gone(run_file: RunFile, source_file: SourceFile) -> None:
    drop_load(source_file=source_file, message=_GONE)
    _record_failure(run_file, source_file, _GONE)


def _record_unreadable(
    run_file: RunFile, source_file: SourceFile, reading: Reading, error: FileError | StorageError
) -> None:
    """The file failed; or nothing is wrong with it, and it is ignored. Raises LoadLost."""
    reason = _find_reason_to_ignore(error)
    if reason is None:
        _fail(reading, source_file, str(error))
        header = {"extra_columns": list(error.columns)} if isinstance(error, MissingColumn) else {}
        _record_failure(run_file, source_file, str(error), **header)
        return
    # Where nothing of the run counts yet, this does not either.
    end_load = drop_load if reading.lease.run.is_staged else ignore_load
    end_load(source_file=source_file, message=reason)
    _settle(run_file, source_file, state=RunFile.State.IGNORED, message=reason)


def _find_reason_to_ignore(error: FileError | StorageError) -> str | None:
    """An object may have been archived since, or by Intelligent-Tiering, of which a listing says nothing."""
    if isinstance(error, EmptyFile):
        return HOLDS_NOTHING
    return reason_archived() if isinstance(error, ObjectArchived) else None


def _settle(run_file: RunFile, source_file: SourceFile, **fields: object) -> None:
    """Raises LoadLost. Rejected rows stay where they are counted."""
    with transaction.atomic():
        ours = run_file.run.files.filter(**_still_ours(run_file))
        if not ours.update(source_file=source_file, **fields):
            raise LoadLost(run_file.key)
        if "rows_rejected" not in fields:
            run_file.rejected_rows.all().delete()


def _fail(reading: Reading, source_file: SourceFile, message: str, **counts: int) -> None:
    """Where nothing of the run counts yet, its failures do not either: the next sync meets them again."""
    if reading.lease.run.is_staged:
        drop_load(source_file=source_file, message=message)
    else:
        fail_load(source_file=source_file, message=message, **counts)


def _count_rows(reader: PointReader) -> dict[str, int]:
    return {"rows_read": reader.rows_read, "rows_rejected": reader.rows_rejected}


def _still_ours(run_file: RunFile) -> dict[str, object]:
    return {"id": run_file.pk, "state": RunFile.State.PENDING, "taken_by": run_file.taken_by}


def _find_newest(bucket: Bucket, key: str) -> S3Object | None:
    listed = (found for page in bucket.list_pages(key) for found in page)
    return next((found for found in listed if found.key == key and not found.unusable), None)


def _move_to(run_file: RunFile, newest: S3Object) -> None:
    run_file.etag, run_file.size, run_file.last_modified = newest.etag, newest.size, newest.last_modified
    with transaction.atomic():
        _lock([run_file])
        run_file.save(update_fields=["etag", "size", "last_modified"])
