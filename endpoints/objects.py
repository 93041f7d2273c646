from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html
# An object of INTELLIGENT_TIERING may be archived as well; a listing does not show it, only reading does.
ARCHIVES = {"GLACIER", "DEEP_ARCHIVE"}
UNKNOWN_TIME = datetime.fromtimestamp(0, UTC)  # placeholder where a listing gives no time; see `problem`
MAX_ETAG = 200  # characters; S3's have 34


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object in one version. `etag` is without its quotes, `size` in bytes, `last_modified` in UTC.

    `is_restored`: a copy of the archived object can be read for a while; known only where it was asked for.
    `unnamed` says why an object cannot be named, in words: its key is not what it is called. `problem` says
    why this version cannot be read. Both are empty where nothing is wrong.
    """

    key: str
    etag: str
    size: int
    last_modified: datetime
    storage_class: str = "STANDARD"
    is_restored: bool = False
    unnamed: str = ""
    problem: str = ""

    @property
    def unusable(self) -> str:
        """Why it cannot be read; empty where it can."""
        return self.unnamed or self.problem

    @property
    def is_archived(self) -> bool:
        """Whether it cannot be read before somebody restores it."""
        return self.storage_class in ARCHIVES and not self.is_restored

    @classmethod
    def from_listing(cls, entry: dict[str, Any], *, key: str, unnamed: str = "") -> Self:
        """From an entry of ListObjectsV2, as the SDK gives it; its key as `endpoints.listing` does."""
        etag, modified = strip_etag(entry.get("ETag", "")), _in_utc(entry.get("LastModified"))
        restore = entry.get("RestoreStatus", {})
        return cls(
            key=key,
            etag=etag[:MAX_ETAG],
            size=entry["Size"],
            last_modified=modified or UNKNOWN_TIME,
            storage_class=entry.get("StorageClass", "STANDARD"),
            is_restored="RestoreExpiryDate" in restore and not restore.get("IsRestoreInProgress"),
            unnamed=unnamed,
            problem=_find_problem(etag, modified),
        )


def holds_archived(answer: dict[str, Any]) -> bool:
    """Whether an answer to ListObjectsV2 has entries that can be read only while they are restored."""
    return any(entry.get("StorageClass") in ARCHIVES for entry in answer.get("Contents", ()))


def strip_etag(etag: str) -> str:
    """An ETag without quotes and without a weakness prefix, which a proxy may have added."""
    return etag.strip().removeprefix("W/").strip('"')


def _in_utc(moment: datetime | None) -> datetime | None:
    try:
        return None if moment is None else moment.astimezone(UTC)
    except (OverflowError, ValueError):  # the first or last hours of the calendar, in another time zone
        return None


def _find_problem(etag: str, modified: datetime | None) -> str:
    if not etag:
        return "the store's listing gives no ETag for it, so that its versions cannot be told apart"
    if len(etag) > MAX_ETAG:
        return f"the store's listing gives an ETag of more than {MAX_ETAG} characters for it"
    if modified is None:
        return "the store's listing gives no time of its last change (LastModified)"
    return ""


def reason_archived(storage_class: str = "") -> str:
    """Why an archived object is not read, in words; `storage_class` where the listing told."""
    told = f" (storage class {storage_class})" if storage_class else ""
    return f"it is archived{told}: it is read once it has been restored"
