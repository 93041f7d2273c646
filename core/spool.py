"""Downloads: first written to a temporary file, in one short transaction, then sent at the client's pace.

A client may take an hour; the database, and with it everybody's vacuum, must not wait for it. Limits:
downloads of an account (DOWNLOADS_AT_ONCE) and of a process (DOWNLOADS_OF_A_PROCESS), so that threads are
left for pages; the bytes of a file; the seconds to write and to send it.
"""

from __future__ import annotations

import errno
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import OperationalError

from core.slots import LimitReached, Slot, acquire_slot

MAX_SENDING_SECONDS = 3600  # seconds; then the slot of a download that never ended is free
SENT_AT_A_TIME = 64 * 1024
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FULL = "The server has no room for a download at the moment. Try again later."


class CannotDownload(Exception):
    """The text says why, with the remedy. `passes`: the same download may work in a minute."""

    def __init__(self, reason: str, *, status: int, passes: bool) -> None:
        super().__init__(reason)
        self.status, self.passes = status, passes


class _ProcessLimit:
    """Counts the downloads of this process."""

    def __init__(self) -> None:
        self._lock, self._count = threading.Lock(), 0

    def take(self, most: int) -> bool:
        with self._lock:
            if self._count >= most:
                return False
            self._count += 1
            return True

    def give_back(self) -> None:
        with self._lock:
            self._count = max(self._count - 1, 0)

    def forget(self) -> None:
        """For tests, which do not close every response."""
        with self._lock:
            self._count = 0


of_process = _ProcessLimit()


class DownloadSlot:
    """A download's slot in the account and the process; giving it back twice is harmless."""

    def __init__(self, slot: Slot) -> None:
        self._slot: Slot | None = slot

    def give_back(self) -> None:
        slot, self._slot = self._slot, None
        if slot is not None:
            of_process.give_back()
            slot.give_back()


def acquire_download(*, account_id: int) -> DownloadSlot:
    """Raises CannotDownload."""
    if not of_process.take(settings.DOWNLOADS_OF_A_PROCESS):
        raise CannotDownload(
            "Too many downloads run at the same time. Try again in a minute.", status=503, passes=True
        )
    most = settings.DOWNLOADS_AT_ONCE
    try:
        slot = acquire_slot("download", account_id=account_id, most=most, seconds=MAX_SENDING_SECONDS)
    except LimitReached:
        of_process.give_back()
        raise CannotDownload(
            f"No more than {most} of this account's downloads can run at the same time. "
            "Try again when one of them has ended.",
            status=429,
            passes=True,
        ) from None
    except BaseException:  # whatever the cache or the database meets: give the slot of the process back
        of_process.give_back()
        raise
    return DownloadSlot(slot)


class Spooled:
    """The file's content in chunks; closing it gives the slot back."""

    def __init__(self, file: IO[bytes], size: int, slot: DownloadSlot) -> None:
        self.size, self._file, self._slot = size, file, slot

    def __iter__(self) -> Iterator[bytes]:
        ends = time.monotonic() + MAX_SENDING_SECONDS
        while piece := self._file.read(SENT_AT_A_TIME):
            if time.monotonic() > ends:  # the server closes the connection, so the client notices
                raise ConnectionResetError(errno.ECONNRESET, "read too slowly")
            yield piece
        self.close()

    def close(self) -> None:
        self._file.close()
        self._slot.give_back()


def spool(lines: Generator[str, None, None], *, slot: DownloadSlot) -> Spooled:
    """Write the lines to an unnamed temporary file. Raises CannotDownload."""
    folder = Path(settings.DOWNLOADS_DIR)
    file = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - Spooled closes it
        size = _write(lines, file)
        file.seek(0)
        return Spooled(file, size, slot)
    except BaseException as error:  # Ctrl-C too: release the file and the slots
        lines.close()
        if file is not None:
            file.close()
        slot.give_back()
        raise _translate(error) from error


def _write(lines: Iterator[str], file: IO[bytes]) -> int:
    size, ends = 0, time.monotonic() + settings.DOWNLOAD_SECONDS
    for line in lines:
        text = line.encode()
        size += len(text)
        if size > settings.DOWNLOAD_MAX_BYTES:
            most = settings.DOWNLOAD_MAX_BYTES // 2**20
            raise CannotDownload(
                f"The download is larger than {most:,} MiB. Choose a shorter range of dates, or ask your "
                "Denominator administrator for an export.",
                status=413,
                passes=False,
            )
        if time.monotonic() > ends:
            raise _took_too_long()
        file.write(text)
    file.flush()  # a full disk is noticed here
    return size


def _translate(error: BaseException) -> BaseException:
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return CannotDownload(FULL, status=503, passes=True)
    if isinstance(error, OperationalError) and type(error.__cause__).__name__ == "QueryCanceled":
        return _took_too_long()
    return error


def _took_too_long() -> CannotDownload:
    return CannotDownload(
        f"The download took longer than {settings.DOWNLOAD_SECONDS:,} seconds to make. Choose a "
        "shorter range of dates, or try again when less is going on.",
        status=503,
        passes=True,
    )
