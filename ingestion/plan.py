"""Which files a run has to read: every key under the prefix, compared with what is stored by key and ETag.

An unchanged prefix costs the list calls and one query for each of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from csvfiles.names import HOLDS_NOTHING
from endpoints.objects import S3Object, reason_archived
from endpoints.storage import Bucket
from ingestion.datasets import Delivery, get_dataset
from ingestion.leases import Lease
from ingestion.locks import lock_source
from ingestion.models import Run, RunFile, SourceFile
from ingestion.scope import WHAT_CHANGED, get_scope, select_again
from ingestion.staging import discard_staged
from ingestion.versions import move_modified, note_unread, take_back

State = SourceFile.State
Known = dict[str, SourceFile]  # state -> the version of a key that is in it
Change = Callable[[], None]


def plan_run(*, lease: Lease, bucket: Bucket) -> None:
    """List the bucket and write down what is to be read. Raises StorageError, RunLost."""
    run = lease.run
    if run.attempts > 1:  # the one before was lost while it planned
        with lease.fence():
            run.files.all().delete()
    if run.source.source_files.filter(state=State.STAGED).exists():  # of a run that was given up
        with lease.fence():
            discard_staged(source=run.source)
    counts: Counter[str] = Counter()
    source = run.source
    pages = bucket.list_pages(source.full_prefix)
    for deliveries in get_dataset(source.kind).list_deliveries(source, pages):
        _plan_deliveries(lease, deliveries, counts)
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


def _plan_deliveries(lease: Lease, deliveries: Sequence[Delivery], counts: Counter[str]) -> None:
    run = lease.run
    page = [version for delivery in deliveries for version in delivery.versions]
    ignored = {version.key: delivery.ignored for delivery in deliveries for version in delivery.versions}
    counts["objects"] += len(page)
    known = _find_known(run, page)
    again = _select_again(run, known)
    to_read: list[RunFile] = []
    changes: list[Change] = []
    for found in page:
        versions = known[found.key]
        is_unchanged = found.key not in again and _is_stored(run, found, versions)
        reason = (
            ignored[found.key]
            or _find_archived(found, is_stored=is_unchanged)
            or _recall_empty(run, found, versions)
        )
        if reason:
            counts["ignored"] += 1
            changes += _note_unread(run, found, versions, State.IGNORED, reason)
        elif found.problem:
            to_read.append(_fail_at_once(run, found))
            changes += _note_unread(run, found, versions, State.FAILED, to_read[-1].message)
        elif is_unchanged:
            counts["unchanged"] += 1
            changes += _note_unchanged(run, found, versions)
        else:
            to_read.append(RunFile(run=run, version=found))  # type: ignore[misc]  # a property
    counts["planned"] += len(to_read)
    if to_read or changes:
        with lease.fence():
            RunFile.objects.bulk_create(to_read)
            if changes:
                lock_source(run.source_id)
            for change in changes:
                change()


def _find_archived(found: S3Object, *, is_stored: bool) -> str | None:
    """A version that is stored need not be read: nothing is amiss when a lifecycle rule archives it."""
    return reason_archived(found.storage_class) if found.is_archived and not is_stored else None


def _recall_empty(run: Run, found: S3Object, known: Known) -> str | None:
    """The reason to ignore a version that was read before and held nothing."""
    ignored = known.get(State.IGNORED)
    if ignored is None or (ignored.etag, ignored.message) != (found.etag, HOLDS_NOTHING):
        return None
    return HOLDS_NOTHING if get_scope(run) == WHAT_CHANGED else None


def _find_known(run: Run, page: list[S3Object]) -> defaultdict[str, Known]:
    """What is known of the page's keys."""
    known: defaultdict[str, Known] = defaultdict(dict)
    files = SourceFile.objects.filter(
        source_id=run.source_id,
        key__in=[found.key for found in page],
        state__in=[State.STORED, State.FAILED, State.IGNORED],
    )
    for source_file in files:
        source_file.source = run.source
        known[source_file.key][source_file.state] = source_file
    return known


def _select_again(run: Run, known: defaultdict[str, Known]) -> set[str]:
    """The stored keys that are to be read although they are unchanged."""
    stored = [states[State.STORED] for states in known.values() if State.STORED in states]
    reprojected = {file.key for file in stored if file.is_reprojected}  # and now it is there again
    return reprojected | select_again(get_scope(run), stored)


def _fail_at_once(run: Run, found: S3Object) -> RunFile:
    """A file to read that is not even tried: it could be any version, and what it holds be any other's."""
    message = (
        f"Not read: {found.problem}. Report it to the store's operator: Amazon S3 gives an ETag and a time "
        "for each object."
    )
    return RunFile(  # type: ignore[misc]  # `version` is a property
        run=run, version=found, state=RunFile.State.FAILED, message=message
    )


def _note_unread(run: Run, found: S3Object, known: Known, state: str, reason: str) -> Iterator[Change]:
    before = known.get(state)
    if run.is_preview or (run.is_staged and state == State.FAILED):  # as read._fail
        return
    if before is None or (before.etag, before.message) != (found.etag, reason):
        yield partial(
            note_unread,
            source=run.source,
            version=found,
            state=state,
            message=reason,
        )


def _is_stored(run: Run, found: S3Object, known: Known) -> bool:
    """Whether this version is stored. One that failed is read again: the rules may have changed."""
    stored = known.get(State.STORED)
    if stored is None or stored.etag != found.etag:
        return False
    # Where all files wait for each other, what a new time moves is to be seen, or to count, with the rest.
    return not run.is_staged or stored.last_modified == found.last_modified


def _note_unchanged(run: Run, found: S3Object, known: Known) -> Iterator[Change]:
    stored = known[State.STORED]
    if stored.last_modified != found.last_modified:
        yield partial(move_modified, source_file=stored, last_modified=found.last_modified)
    for state in (State.FAILED, State.IGNORED):
        if state in known and not run.is_preview:  # a later version that was bad has been taken back
            yield partial(take_back, source_file=known[state])
