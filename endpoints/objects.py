from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object in one version. `etag` is without its quotes, `size` in bytes, `last_modified` in UTC."""

    key: str
    etag: str
    size: int
    last_modified: datetime

    @classmethod
    def from_listing(cls, entry: dict[str, Any]) -> Self:
        """From an entry of ListObjectsV2, as the SDK gives it: keys decoded, times aware."""
        return cls(
            key=entry["Key"],
            etag=entry["ETag"].strip('"'),
            size=entry["Size"],
            last_modified=entry["LastModified"].astimezone(UTC),
        )
