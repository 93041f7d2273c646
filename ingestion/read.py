"""Reading one file of a run: from the bucket through the dataset's reader into its writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import structlog
from django.db import transaction

from csvfiles.errors import EmptyFile, FileError, MissingColumn
from csvfiles.names import HOLDS_NOTHING
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
from endpoints.objects import S3Object, reason_archived
from endpoints.storage import Bucket
from ingestion.datasets import Dataset, Reader, Rejected, Writer, get_dataset
from ingestion.leases import Lease, lock_files
from ingestion.models import RejectedRow, RunFile, Source, SourceFile
from ingestion.prefetch import FilePrefetch, Waiting
from ingestion.versions import Loaded, LoadLost, begin_loads, drop_load, fail_load, ignore_load

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
_OVERWRITTEN = "The object was overwritten each time while it was read. Sync again later."
VERSIONS_TRIED = 3  # of an object that is overwritten again and again while it is read


class TooManyRejected(Exception):
    """More of a file's rows were rejected than its source allows; the text says how many, and why."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reading of a run's files shares."""

    lease: Lease
    bucket: Bucket
    dataset: Dataset
    shared: Any  # Dataset.share
    writer: Writer
    waiting: Waiting = field(default_factory=Waiting)

    def start(self, run_file: RunFile, *, after: FilePrefetch | None = None) -> FilePrefetch:
        """Begin to fetch and parse the file, at once or after another one."""
        return FilePrefetch(
            bucket=self.bucket,
            version=run_file.version,
            dataset=self.dataset,
            shared=self.shared,
            after=after,
            waiting=self.waiting,
        )


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read to its end and does not count yet."""

    run_file: RunFile
    loaded: Loaded


def read_file(
    *, run_file: RunFile, source_file: SourceFile, reading: Reading, prefetch: FilePrefetch
) -> ReadFile | None:
    """Read the file, or record why it cannot be read, or that it holds nothing, and return None.

    `source_file` is the version of `run_file`, begun; `prefetch` has begun to fetch it.
    Raises RunLost, LoadLost, and the StorageErrors that would meet every other file too.
    """
    for attempt in range(VERSIONS_TRIED):
        if attempt:
            [source_file] = begin(run_files=[run_file], source=reading.lease.run.source)
        try:
            with closing(reading.start(run_file) if attempt else prefetch) as fetched:
                return _read(run_file, source_file, reading, fetched)
        except ObjectChanged as error:
            reading.writer.discard(source_file)
            newest = _find_newest(reading.bucket, run_file.key)
            drop_load(source_file=source_file, message=str(error))
            if newest is None:
                _record_failure(run_file, source_file, _GONE)
                return None
            _move_to(run_file, newest)
        except ObjectGone:
            reading.writer.discard(source_file)
            _record_gone(run_file, source_file)
            return None
        except (FileError, StorageError) as error:
            reading.writer.discard(source_file)
            _record_unreadable(run_file, source_file, reading, error)
            if isinstance(error, CONCERNS_EVERY_FILE):
                raise
            return None
        except TooManyRejected as error:
            reading.writer.discard(source_file)
            reader = _get_reader(fetched)
            _fail(reading, source_file, str(error), **_count_rows(reader))
            _record_failure(run_file, source_file, str(error), too_many=reader)
            return None
        except LoadLost:
            reading.writer.discard(source_file)
            raise
    _record_failure(run_file, source_file, _OVERWRITTEN)
    return None


def begin(*, run_files: Sequence[RunFile], source: Source) -> list[SourceFile]:
    """The versions of these files, about to be read; nothing is left of an attempt that was lost.

    Raises LoadLost where somebody has taken one of the files over.
    """
    with transaction.atomic():
        lock_own(run_files)
        RejectedRow.objects.filter(run_file__in=run_files).delete()
        return begin_loads(source=source, versions=[run_file.version for run_file in run_files])


def check_rejects(*, source: Source, rows_read: int, reasons: Mapping[str, int]) -> None:
    """`reasons`: rejected rows of a whole file by reason. Raises TooManyRejected: a file that is mostly noise
    must not take the place of the good one before it.
    """
    allowed, rejected = source.max_rejected_percent, sum(reasons.values())
    if allowed is None or rejected * 100 <= allowed * rows_read:
        return
    reason, rows = max(reasons.items(), key=lambda item: item[1])
    noun = get_dataset(source.kind).noun
    raise TooManyRejected(
        f"{rejected:,} of {rows_read:,} rows were rejected: {_format_share(rejected, rows_read)} %, and this "
        f"{noun} allows {allowed.normalize():f} %. Most often ({rows:,}): {reason}. Correct the file, or "
        f"allow more rejected rows on the {noun}'s edit page; it is read again by the next sync."
    )


def _format_share(part: int, whole: int) -> str:
    """Percent with two decimals, but never rounded to 0 or 100 that it is not."""
    share = Decimal(part) * 100 / whole
    return f"{min(max(share, Decimal('0.01')), Decimal('99.99') if part < whole else share):.2f}"


def _read(run_file: RunFile, source_file: SourceFile, reading: Reading, prefetch: FilePrefetch) -> ReadFile:
    run = reading.lease.run
    for batch in prefetch.batches(while_waiting=reading.lease.renew):
        reading.writer.add(source_file, batch)
        if not run.is_preview:  # its columns may never be selected: no cell of them is kept
            _keep_rejects(run_file, batch.rejects)
        reading.lease.renew()
    reader = _get_reader(prefetch)
    check_rejects(source=run.source, rows_read=reader.rows_read, reasons=reader.reasons)
    return ReadFile(run_file, Loaded(source_file, reader, reading.writer.finish(source_file)))


def _get_reader(prefetch: FilePrefetch) -> Reader:
    """Of a file whose batches have ended."""
    return cast("Reader", prefetch.result)


def _keep_rejects(run_file: RunFile, rejects: Sequence[Rejected]) -> None:
    """Raises LoadLost: rows of a reader that lost the file must not come among those of its successor."""
    if not rejects:
        return
    kept = (
        RejectedRow(run_file=run_file, row_number=row.row_number, reason=row.reason, cells=row.cells)
        for row in rejects
    )
    with transaction.atomic():
        lock_own([run_file])
        RejectedRow.objects.bulk_create(kept, batch_size=1_000)


def lock_own(run_files: Sequence[RunFile]) -> None:
    """Keep the files ours until the end of this transaction. Raises LoadLost where they are so no more."""
    if not lock_files(run_files=run_files):
        raise LoadLost(run_files[0].key)


def _record_failure(
    run_file: RunFile,
    source_file: SourceFile,
    message: str,
    *,
    too_many: Reader | None = None,
    **header: Any,
) -> None:
    """End the reading of a file that this process has taken. Raises LoadLost where it has it no more.

    `too_many`: it was read to its end and rejected too many rows. They stay, for somebody to mend.
    """
    counts: dict[str, Any] = {}
    if too_many is not None:
        counts = {"reject_reasons": dict(too_many.reasons)}
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
        header: dict[str, Any] = {}
        if isinstance(error, MissingColumn):
            header = {"extra_columns": list(error.columns)}
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
        ours = run_file.run.files.filter(**still_ours(run_file))
        if not ours.update(source_file=source_file, **fields):
            raise LoadLost(run_file.key)
        if "reject_reasons" not in fields:
            run_file.rejected_rows.all().delete()


def _fail(reading: Reading, source_file: SourceFile, message: str, **counts: int) -> None:
    """Where nothing of the run counts yet, its failures do not either: the next sync meets them again."""
    if reading.lease.run.is_staged:
        drop_load(source_file=source_file, message=message, **counts)
    else:
        fail_load(source_file=source_file, message=message, **counts)


def _count_rows(reader: Reader) -> dict[str, int]:
    return {"rows_read": reader.rows_read, "rows_rejected": reader.rows_rejected}


def still_ours(run_file: RunFile) -> dict[str, object]:
    return {"id": run_file.pk, "state": RunFile.State.PENDING, "taken_by": run_file.taken_by}


def _find_newest(bucket: Bucket, key: str) -> S3Object | None:
    listed = (found for page in bucket.list_pages(key) for found in page)
    return next((found for found in listed if found.key == key and not found.unusable), None)


def _move_to(run_file: RunFile, newest: S3Object) -> None:
    run_file.version = newest
    with transaction.atomic():
        lock_own([run_file])
        run_file.save(update_fields=["etag", "size", "last_modified"])
