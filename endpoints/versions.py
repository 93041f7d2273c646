"""Validation of responses to GetObject. AWS's always pass; those of other stores, or of proxies before them,
may not.

A proxy's page with status 200, a store without conditional requests or ranges: the bytes of one file, or of
one version, would be taken for those of another.
"""

from __future__ import annotations

from typing import Any

from endpoints import errors
from endpoints.error_types import UnusableResponse
from endpoints.grants import Grant
from endpoints.objects import S3Object, strip_etag


def check_version(answer: dict[str, Any], *, obj: S3Object, start: int, end: int, grant: Grant) -> None:
    """`start` and `end` are the bytes that were asked for, the whole object perhaps.

    Raises ObjectChanged, and UnusableResponse where it is no version of the object, or another part.
    """
    etag = strip_etag(answer.get("ETag", ""))
    if not etag:
        kind = answer.get("ContentType", "")
        raise _refuse(obj, f"what came has no ETag{f', but the type {kind}' if kind else ''}")
    if etag != obj.etag:
        raise errors.object_changed(grant, obj.key)
    part = answer.get("ContentRange", "")
    if (start, end) != (0, obj.size) and not part.startswith(f"bytes {start}-"):
        raise _refuse(obj, "another part of it came (Content-Range)")
    length = answer.get("ContentLength")
    if length is not None and length != end - start:
        raise _refuse(obj, f"{length:,} bytes came instead of {end - start:,}")


def _refuse(obj: S3Object, why: str) -> UnusableResponse:
    return errors.unusable_response(errors.S3, f"{obj.key} was asked for, and {why}")
