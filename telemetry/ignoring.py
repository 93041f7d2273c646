"""Which objects under a prefix are no files to read, for the wizard's listing and for a sync alike."""

from __future__ import annotations

from csvfiles.names import reason_to_ignore as reason_by_name
from endpoints.storage import S3Object


def reason_to_ignore(found: S3Object, *, is_stored: bool = False) -> str | None:
    """Why a listed object is passed over, in words; None where it is a file to read.

    A version that is stored need not be read, so nothing is amiss when a lifecycle rule archives it.
    """
    if reason := found.unnamed or reason_by_name(found.key, found.size):
        return reason
    return reason_archived(found.storage_class) if found.is_archived and not is_stored else None


def reason_archived(storage_class: str = "") -> str:
    """`storage_class` where the listing told."""
    told = f" (storage class {storage_class})" if storage_class else ""
    return f"it is archived{told}: it is read once it has been restored"
