"""Files that a process takes together: read one after the other, they begin to count in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import accumulate

from django.db import transaction

from commandline.unexpected import WHILE_READING
from endpoints.error_types import StorageError
from ingestion.leases import FILES_TAKEN, RunLost, take_files
from ingestion.models import RunFile
from ingestion.prefetch import FilePrefetch
from ingestion.publish import note_lost, publish
from ingestion.read import ReadFile, Reading, begin, read_file
from ingestion.versions import LoadLost, abandon_loads

BYTES_AHEAD = 8 * 2**20  # of the files that are read before their turn; one may be larger


def read_batches(reading: Reading) -> Iterator[int]:
    """Read what nobody else has taken, a batch at a time; yields how many files each had.

    Raises RunLost, and StorageError as read_file does; what was read before it has begun to count then.
    """
    upcoming = Upcoming(reading)
    try:
        while (batch := upcoming.next_batch()) is not None:
            for run_file in batch.files:
                batch.read(run_file, upcoming)
                reading.lease.renew()
            batch.publish()
            yield len(batch.files)
            reading.lease.check_turn()
    except (StorageError, RunLost):
        upcoming.give_up()
        raise
    finally:
        upcoming.close()


class Upcoming:
    """The batches that are ours. Their files are fetched and parsed one after the other, some before their
    turn: while the points of several are written, the next ones are read.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._batches: list[FileBatch] = []  # at most two: the one being read, and one that has been begun
        self._readers: dict[int, FilePrefetch] = {}  # begun and not asked for, in their order
        self._newest: FilePrefetch | None = None
        self._is_last = False  # the newest batch: nothing was left when it was asked for more
        self._take()

    def next_batch(self) -> FileBatch | None:
        """The batch to read now; the one before it has been published."""
        self._batches = [batch for batch in self._batches if not batch.is_complete]
        if not self._batches:
            self._take()
        return self._batches[0] if self._batches else None

    def start(self, run_file: RunFile) -> FilePrefetch:
        """The reader of a file, which has begun already; begins some of the files after it."""
        self._begin(run_file)
        reader = self._readers.pop(run_file.pk)
        for following in self._list_ahead(run_file):
            self._begin(following)
        return reader

    def give_up(self) -> None:
        """Let what is read count, and leave nothing behind of the rest."""
        for batch in self._batches:
            batch.give_up()

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
        files = [file for batch in self._batches for file in batch.files]
        following = files[files.index(run_file) + 1 :]
        ends = accumulate(file.size for file in following)
        fitting = sum(1 for end in ends if end <= BYTES_AHEAD)
        if fitting == len(following) and self._may_take(following):
            return self._list_ahead(run_file) if self._take() else following
        return following[: max(1, fitting)]

    def _may_take(self, following: Sequence[RunFile]) -> bool:
        """Towards a run's end, when batches are small, only what is read next: others want some, too."""
        if self._is_last or len(self._batches) > 1:
            return False
        return not following or len(self._batches[0].files) == FILES_TAKEN

    def _take(self) -> bool:
        with transaction.atomic():  # taken and begun at once: nobody else can have begun them in between
            files = take_files(lease=self._reading.lease)
            batch = FileBatch(self._reading, files) if files else None
        self._batches += [batch] if batch else []
        self._is_last = batch is None
        return batch is not None


class FileBatch:
    """Some files of a run, taken by this process."""

    def __init__(self, reading: Reading, files: Sequence[RunFile]) -> None:
        self.files, self.is_complete = files, False
        self._reading = reading
        begun = begin(run_files=files, source=reading.lease.run.source)
        self._begun = dict(zip((file.pk for file in files), begun, strict=True))
        self._read: list[ReadFile] = []

    def read(self, run_file: RunFile, upcoming: Upcoming) -> None:
        """Read a file, or record why it cannot be read. Raises as read_file does."""
        source_file = self._begun.pop(run_file.pk)
        with closing(upcoming.start(run_file)) as prefetch:
            try:
                read = read_file(
                    run_file=run_file, source_file=source_file, reading=self._reading, prefetch=prefetch
                )
            except LoadLost:
                note_lost(run_file)
                abandon_loads(source_files=[source_file])
            except BaseException as error:
                error.add_note(f"{WHILE_READING}{run_file.key}")
                raise
            else:
                self._read += [read] if read is not None else []

    def publish(self) -> None:
        """Make what was read count."""
        self._reading.writer.flush()
        if self._read:
            publish(lease=self._reading.lease, read=self._read)
        self._read, self.is_complete = [], True

    def give_up(self) -> None:
        self.publish()
        abandon_loads(source_files=list(self._begun.values()))
