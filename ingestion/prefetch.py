"""Prefetching: a thread fetches and parses a file while the file before it is being written."""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, cast

from endpoints.objects import S3Object
from endpoints.storage import Bucket
from ingestion.datasets import Dataset, Reader, RowBatch

ROW_BATCHES_AHEAD = 2  # of one file
POINTS_AHEAD = 125_000  # of all files: with more of them waiting to be written, no further file is begun
_SECONDS = 0.2  # between looks at whether anybody still wants the batches


class Waiting:
    """How many points have been read and not been taken yet, of all files that are read before their turn.

    A file's size does not tell: a packed one may hold a hundred times its bytes.
    """

    def __init__(self) -> None:
        self._points = 0
        self._changed = threading.Condition()

    def add(self, points: int) -> None:
        with self._changed:
            self._points += points
            self._changed.notify_all()

    def wait_for_few(self, seconds: float) -> bool:
        """Whether there are few, or came to be within so long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._points <= POINTS_AHEAD, timeout=seconds)


class FilePrefetch:
    """One version of an object as batches, read by a thread of its own that touches no database.

    It begins once the one `after` which it comes has been read and few points are `waiting`. `result` is the
    reader with its counts once the batches have ended. Leave by `close`, whatever happened.
    """

    def __init__(
        self,
        *,
        bucket: Bucket,
        version: S3Object,
        dataset: Dataset,
        shared: Any,
        after: FilePrefetch | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        self.result: Reader | None = None
        self._bucket, self._version, self._dataset, self._shared = bucket, version, dataset, shared
        self._before = after._thread if after is not None else None
        self._waiting = waiting or Waiting()
        self._read: queue.Queue[Item] = queue.Queue(ROW_BATCHES_AHEAD)
        self._closed = threading.Event()
        self._thread: threading.Thread = threading.Thread(target=self._run, name="prefetch", daemon=True)
        self._thread.start()

    def batches(self, *, while_waiting: Callable[[], None]) -> Iterator[RowBatch]:
        """The file's batches. Raises what reader and endpoints.storage raise, and `while_waiting`."""
        while True:
            try:
                item = self._read.get(timeout=1)
            except queue.Empty:  # S3 takes its time: the lease must not run out over it
                if not self._thread.is_alive() and self._read.empty():
                    raise RuntimeError("The reading of a file ended without a word.") from None
                while_waiting()
                continue
            if isinstance(item, BaseException):
                raise item
            if isinstance(item, _Ended):
                self.result = item.reader
                return
            self._waiting.add(-item.size)
            yield item

    def stop(self) -> None:
        """Let the reading end by itself, and soon."""
        self._closed.set()

    def close(self) -> None:
        """Stop reading; returns when the thread has ended."""
        self.stop()
        self._thread.join()
        while not self._read.empty():
            self._waiting.add(-_size_of(self._read.get()))

    def _run(self) -> None:
        try:
            self._wait_for_turn()
            if not self._closed.is_set():
                self._read_all()
        except BaseException as error:  # noqa: BLE001 - whatever it is, whoever iterates is to meet it
            self._put(error)

    def _wait_for_turn(self) -> None:
        if self._before is not None:
            self._before.join()
        while not (self._closed.is_set() or self._waiting.wait_for_few(_SECONDS)):
            pass

    def _read_all(self) -> None:
        with self._dataset.open_reader(self._shared, self._open_stream) as reader:
            for batch in reader:
                if not self._put(batch):
                    return
        self._put(_Ended(reader))

    @contextmanager
    def _open_stream(self) -> Iterator[BinaryIO]:
        with self._bucket.open_stream(self._version) as stream:
            yield cast("BinaryIO", _Wanted(stream, self._closed))

    def _put(self, item: Item) -> bool:
        """Whether anybody still wanted it."""
        while not self._closed.is_set():
            with suppress(queue.Full):
                self._read.put(item, timeout=_SECONDS)
                self._waiting.add(_size_of(item))
                return True
        return False


class _Ended:
    """The last item: the whole file has been read."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader


Item = RowBatch | _Ended | BaseException


def _size_of(item: Item) -> int:
    return 0 if isinstance(item, _Ended | BaseException) else item.size


class _Wanted(io.RawIOBase):
    """A stream that breaks off once nobody wants it: hours can go by without a batch to put."""

    def __init__(self, stream: BinaryIO, closed: threading.Event) -> None:
        self._stream, self._closed = stream, closed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # io hands it nothing else
        if self._closed.is_set():
            raise _Unwanted
        count: int = self._stream.readinto(buffer)  # type: ignore[attr-defined]
        return count


class _Unwanted(Exception):
    pass
