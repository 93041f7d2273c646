"""Files that a process takes together: read one after the other, they begin to count in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import accumulate

import structlog
from django.db import transaction

from commandline.unexpected import WHILE_READING
from endpoints.error_types import StorageError
from ingestion.ahead import FileReader
from ingestion.leases import FILES_TAKEN, RunLost, release_file, take_files
from ingestion.models import RunFile
from ingestion.read import ReadFile, Reading, begin, read_file, record_read
from telemetry.blocks import BlockWriter
from telemetry.loading import LoadLost, abandon_loads, complete_loads, stage_loads

BYTES_AHEAD = 8 * 2**20  # of the files that are read before their turn; one may be larger

log = structlog.get_logger(__name__)


def read_groups(reading: Reading) -> Iterator[int]:
    """Read what nobody else has taken, a group at a time; yields how many files each had.

    Raises RunLost, and StorageError as read_file does; what was read before it has begun to count then.
    """
    upcoming = Upcoming(reading)
    try:
        while (group := upcoming.next_group()) is not None:
            for run_file in group.files:
                group.read(run_file, upcoming)
                reading.lease.renew()
            group.complete()
            yield len(group.files)
            reading.lease.check_turn()
    except (StorageError, RunLost):
        upcoming.give_up()
        raise
    finally:
        upcoming.close()


class Upcoming:
    """The groups that are ours. Their files are fetched and parsed one after the other, some before their
    turn: while the points of several are written, the next ones are read.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._groups: list[Group] = []  # at most two: the one being read, and one that has been begun
        self._readers: dict[int, FileReader] = {}  # begun and not asked for, in their order
        self._newest: FileReader | None = None
        self._is_last = False  # the newest group: nothing was left when it was asked for more
        self._take()

    def next_group(self) -> Group | None:
        """The group to read now; the one before it has been completed."""
        self._groups = [group for group in self._groups if not group.is_complete]
        if not self._groups:
            self._take()
        return self._groups[0] if self._groups else None

    def start(self, run_file: RunFile) -> FileReader:
        """The reader of a file, which has begun already; begins some of the files after it."""
        self._begin(run_file)
        reader = self._readers.pop(run_file.pk)
        for following in self._list_ahead(run_file):
            self._begin(following)
        return reader

    def give_up(self) -> None:
        """Let what is read count, and leave nothing behind of the rest."""
        for group in self._groups:
            group.give_up()

    def close(self) -> None:
        for reader in self._readers.values():
            reader.stop()
        for reader in self._readers.values():
            reader.close()
        self._readers = {}

    def _begin(self, run_file: RunFile) -> None:
        if run_file.pk not in self._readers:
            self._newest = self._reading.start(run_file, after=self._newest)
            self._readers[run_file.pk] = self._newest

    def _list_ahead(self, run_file: RunFile) -> list[RunFile]:
        """The files after this one that may be read now: the next, and more where they are small."""
        files = [file for group in self._groups for file in group.files]
        following = files[files.index(run_file) + 1 :]
        ends = accumulate(file.size for file in following)
        fitting = sum(1 for end in ends if end <= BYTES_AHEAD)
        if fitting == len(following) and self._may_take(following):
            return self._list_ahead(run_file) if self._take() else following
        return following[: max(1, fitting)]

    def _may_take(self, following: Sequence[RunFile]) -> bool:
        """Towards a run's end, when groups are small, only what is read next: others want some, too."""
        if self._is_last or len(self._groups) > 1:
            return False
        return not following or len(self._groups[0].files) == FILES_TAKEN

    def _take(self) -> bool:
        with transaction.atomic():  # taken and begun at once: nobody else can have begun them in between
            files = take_files(lease=self._reading.lease)
            group = Group(self._reading, files) if files else None
        self._groups += [group] if group else []
        self._is_last = group is None
        return group is not None


class Group:
    """Some files of a run, taken by this process."""

    def __init__(self, reading: Reading, files: Sequence[RunFile]) -> None:
        self.files, self.is_complete = files, False
        self._reading, self._writer = reading, BlockWriter()
        begun = begin(run_files=files, telemetry=reading.lease.run.telemetry)
        self._begun = dict(zip((file.pk for file in files), begun, strict=True))
        self._read: list[ReadFile] = []

    def read(self, run_file: RunFile, upcoming: Upcoming) -> None:
        """Read a file, or record why it cannot be read. Raises as read_file does."""
        source_file = self._begun.pop(run_file.pk)
        with closing(upcoming.start(run_file)) as ahead:
            try:
                read = read_file(
                    run_file=run_file,
                    source_file=source_file,
                    reading=self._reading,
                    writer=self._writer,
                    ahead=ahead,
                )
            except LoadLost:
                self._note_lost(run_file)
                abandon_loads(source_files=[source_file])
            except BaseException as error:
                error.add_note(f"{WHILE_READING}{run_file.key}")
                raise
            else:
                self._read += [read] if read is not None else []

    def complete(self) -> None:
        """Make what was read count."""
        self._writer.flush()
        if self._read:
            self._complete(self._read)
        self._read, self.is_complete = [], True

    def give_up(self) -> None:
        self.complete()
        abandon_loads(source_files=list(self._begun.values()))

    def _complete(self, read: Sequence[ReadFile]) -> None:
        """All at once; where one has been taken over, each by itself."""
        try:
            with transaction.atomic():
                record_read(read=read)
                complete = stage_loads if self._reading.lease.run.is_staged else complete_loads
                complete(loads=[one.loaded for one in read], now=self._reading.lease.clock())
        except LoadLost:
            if len(read) > 1:
                for one in read:
                    self._complete([one])
            else:
                self._note_lost(read[0].run_file)
                abandon_loads(source_files=[read[0].loaded.source_file])
        else:
            for one in read:
                log.info(
                    "file read",
                    run=one.run_file.run_id,
                    source_file=one.loaded.source_file.pk,
                    rows=one.reader.rows_read,
                )

    def _note_lost(self, run_file: RunFile) -> None:
        log.warning("file taken over", run=run_file.run_id, file=run_file.pk)
        release_file(run_file=run_file)
