from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html
# An object of INTELLIGENT_TIERING may be archived as well; a listing does not show it, only reading does.
ARCHIVES = {"GLACIER", "DEEP_ARCHIVE"}


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object in one version. `etag` is without its quotes, `size` in bytes, `last_modified` in UTC.

    `is_restored`: a copy of the archived object can be read for a while; known only where it was asked for.
    """

    key: str
    etag: str
    size: int
    last_modified: datetime
    storage_class: str = "STANDARD"
    is_restored: bool = False

    @classmethod
    def from_listing(cls, entry: dict[str, Any]) -> Self:
        """From an entry of ListObjectsV2, as the SDK gives it: keys decoded, times aware."""
        restore = entry.get("RestoreStatus", {})
        return cls(
            key=entry["Key"],
            etag=entry["ETag"].strip('"'),
            size=entry["Size"],
            last_modified=entry["LastModified"].astimezone(UTC),
            storage_class=entry.get("StorageClass", "STANDARD"),
            is_restored="RestoreExpiryDate" in restore and not restore.get("IsRestoreInProgress"),
        )

    @property
    def is_archived(self) -> bool:
        """Whether it cannot be read before somebody restores it."""
        return self.storage_class in ARCHIVES and not self.is_restored
