"""Which files a run has to read: every key under the prefix, compared with what is stored by key and ETag.

An unchanged prefix costs the list calls and one query for each of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import partial

from csvfiles.names import reason_to_ignore
from endpoints.storage import Bucket, S3Object
from ingestion.leases import Lease
from ingestion.models import RunFile, SyncRun
from telemetry.loading import ignore_file, move_modified, take_back
from telemetry.models import SourceFile

Known = dict[str, SourceFile]  # state -> the version of a key that is in it
Change = Callable[[], None]


def plan_run(*, lease: Lease, bucket: Bucket) -> None:
    """List the bucket and write down what is to be read. Raises StorageError, RunLost."""
    run = lease.run
    if run.attempts > 1:  # the one before was lost while it planned
        with lease.fence():
            run.files.all().delete()
    counts: Counter[str] = Counter()
    for page in bucket.list_pages(run.telemetry.full_prefix):
        counts["objects"] += len(page)
        _plan_page(lease, page, counts)
        lease.renew()
    run.planned_at = lease.clock()
    run.found_nothing = not counts["objects"]
    run.files_planned = counts["planned"]
    run.files_unchanged = counts["unchanged"]
    run.files_ignored = counts["ignored"]
    with lease.fence():
        run.save(
            update_fields=["planned_at", "found_nothing", "files_planned", "files_unchanged", "files_ignored"]
        )


def _plan_page(lease: Lease, page: list[S3Object], counts: Counter[str]) -> None:
    run = lease.run
    known = _find_known(run, page)
    to_read: list[RunFile] = []
    changes: list[Change] = []
    for found in page:
        reason = reason_to_ignore(found.key, found.size)
        if reason:
            counts["ignored"] += 1
            changes += _note_ignored(run, found, known[found.key], reason)
        elif _is_stored(run, found, known[found.key]):
            counts["unchanged"] += 1
            changes += _note_unchanged(found, known[found.key])
        else:
            to_read.append(
                RunFile(
                    run=run,
                    key=found.key,
                    etag=found.etag,
                    size=found.size,
                    last_modified=found.last_modified,
                )
            )
    counts["planned"] += len(to_read)
    if to_read or changes:
        with lease.fence():
            RunFile.objects.bulk_create(to_read)
            for change in changes:
                change()


def _find_known(run: SyncRun, page: list[S3Object]) -> defaultdict[str, Known]:
    """What is known of the page's keys."""
    known: defaultdict[str, Known] = defaultdict(dict)
    files = SourceFile.objects.filter(
        telemetry_id=run.telemetry_id,
        key__in=[found.key for found in page],
        state__in=[SourceFile.State.STORED, SourceFile.State.FAILED, SourceFile.State.IGNORED],
    )
    for source_file in files:
        source_file.telemetry = run.telemetry
        known[source_file.key][source_file.state] = source_file
    return known


def _note_ignored(run: SyncRun, found: S3Object, known: Known, reason: str) -> Iterator[Change]:
    before = known.get(SourceFile.State.IGNORED)
    if before is None or (before.etag, before.message) != (found.etag, reason):
        yield partial(
            ignore_file,
            telemetry=run.telemetry,
            key=found.key,
            etag=found.etag,
            size=found.size,
            last_modified=found.last_modified,
            message=reason,
        )


def _is_stored(run: SyncRun, found: S3Object, known: Known) -> bool:
    """Whether this version is stored. One that failed is read again: the rules may have changed."""
    stored = known.get(SourceFile.State.STORED)
    return not run.reimport and stored is not None and stored.etag == found.etag


def _note_unchanged(found: S3Object, known: Known) -> Iterator[Change]:
    stored = known[SourceFile.State.STORED]
    if stored.last_modified != found.last_modified:
        yield partial(move_modified, source_file=stored, last_modified=found.last_modified)
    for state in (SourceFile.State.FAILED, SourceFile.State.IGNORED):
        if state in known:  # a later version that was bad has been taken back
            yield partial(take_back, source_file=known[state])
