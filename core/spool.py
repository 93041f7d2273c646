"""A download on its way: first whole into a file, in one short transaction, then out at its reader's pace.

A reader may take an hour; the database, and with it everybody's vacuum, must not wait for them. Bounded are
the downloads of an account (DOWNLOADS_AT_ONCE) and of a process (DOWNLOADS_OF_A_PROCESS), so that threads are
left for pages; a file's bytes and the seconds of its making; and the seconds of its sending.
"""

from __future__ import annotations

import errno
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import OperationalError

from core.slots import LimitReached, Slot, acquire_slot

LONGEST_SENDING = 3600  # seconds; a download that never ended no longer counts after it
SENT_AT_A_TIME = 64 * 1024
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FULL = "The server has no room for a download at the moment. Try again later."


class CannotDownload(Exception):
    """Why, and the remedy. `passes`: the same download may work in a minute."""

    def __init__(self, reason: str, *, status: int, passes: bool) -> None:
        super().__init__(reason)
        self.status, self.passes = status, passes


class _OfProcess:
    """How many downloads this process has in hand."""

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
        """For tests, which do not close every answer."""
        with self._lock:
            self._count = 0


of_process = _OfProcess()


class DownloadPlace:
    """A download's place among the account's and the process's; given back once, whoever does so first."""

    def __init__(self, place: Slot) -> None:
        self._place: Slot | None = place

    def give_back(self) -> None:
        place, self._place = self._place, None
        if place is not None:
            of_process.give_back()
            place.give_back()


def take_download(*, account_id: int) -> DownloadPlace:
    """Raises CannotDownload."""
    if not of_process.take(settings.DOWNLOADS_OF_A_PROCESS):
        raise CannotDownload(
            "Too many downloads run at the same time. Try again in a minute.", status=503, passes=True
        )
    most = settings.DOWNLOADS_AT_ONCE
    try:
        place = acquire_slot("download", account_id=account_id, most=most, seconds=LONGEST_SENDING)
    except LimitReached:
        of_process.give_back()
        raise CannotDownload(
            f"No more than {most} of this account's downloads can run at the same time. "
            "Try again when one of them has ended.",
            status=429,
            passes=True,
        ) from None
    except BaseException:  # whatever the cache or the database meets: the process has the place back
        of_process.give_back()
        raise
    return DownloadPlace(place)


class Spooled:
    """The file's content, in pieces; closed in any case, begun or not, it gives the place back."""

    def __init__(self, file: IO[bytes], size: int, place: DownloadPlace) -> None:
        self.size, self._file, self._place = size, file, place

    def __iter__(self) -> Iterator[bytes]:
        ends = time.monotonic() + LONGEST_SENDING
        while piece := self._file.read(SENT_AT_A_TIME):
            if time.monotonic() > ends:  # the server closes the connection: the reader sees the cut
                raise ConnectionResetError(errno.ECONNRESET, "read too slowly")
            yield piece
        self.close()

    def close(self) -> None:
        self._file.close()
        self._place.give_back()


def spool(lines: Iterator[str], *, place: DownloadPlace) -> Spooled:
    """Write the lines to a file without a name, which is gone when it is closed. Raises CannotDownload."""
    folder = Path(settings.DOWNLOADS_DIR)
    file = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - Spooled closes it
        size = _write(lines, file)
        file.seek(0)
        return Spooled(file, size, place)
    except BaseException as error:  # Ctrl-C too: the file and the places must not stay behind
        lines.close()
        if file is not None:
            file.close()
        place.give_back()
        raise _translate(error) from error


def _write(lines: Iterator[str], file: IO[bytes]) -> int:
    size, ends = 0, time.monotonic() + settings.DOWNLOAD_SECONDS
    for line in lines:
        text = line.encode()
        size += len(text)
        if size > settings.DOWNLOAD_MAX_BYTES:
            most = settings.DOWNLOAD_MAX_BYTES // 2**20
            raise CannotDownload(
                f"The download is larger than {most:,} MiB. Choose a shorter range of dates, or ask "
                "whoever runs Denominator for an export.",
                status=413,
                passes=False,
            )
        if time.monotonic() > ends:
            raise _took_too_long()
        file.write(text)
    file.flush()  # a full disk is told now
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
