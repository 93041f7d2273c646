"""Test Endpoint: whether an endpoint's bucket can be read, and by us alone. Each check stands for itself.

The trust policy is tested as well as the permissions: a role that anyone else's Denominator account could
assume by its ARN would let them read this bucket through us (the confused deputy,
https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from endpoints import storage
from endpoints.models import S3Endpoint, new_external_id
from endpoints.storage import Bucket, RoleDenied, S3Object, StorageError

ASSUME = "Role can be assumed"
NOT_WITHOUT = "Role cannot be assumed without the External ID"
NOT_WITH_ANOTHER = "Role cannot be assumed with a wrong External ID"
BUCKET = "Bucket exists in this region"
LIST = "Files can be listed"
READ = "A file can be read"
TRUST_CHECKS = {NOT_WITHOUT, NOT_WITH_ANOTHER}


@dataclass(frozen=True, slots=True)
class Check:
    """`detail` says what was found, or what is wrong and the remedy."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    @property
    def state(self) -> str:
        """A value of S3Endpoint.TestState: unsafe where nothing but the trust policy is wrong."""
        failed = {check.name for check in self.checks if not check.ok}
        if not failed:
            return S3Endpoint.TestState.PASSED
        return S3Endpoint.TestState.UNSAFE if failed <= TRUST_CHECKS else S3Endpoint.TestState.FAILED

    def as_json(self) -> list[dict[str, object]]:
        return [asdict(check) for check in self.checks]


def check_connection(endpoint: S3Endpoint) -> ConnectionReport:
    """Run all checks against AWS. The endpoint need not be saved. Raises nothing: what fails is a check."""
    try:
        bucket = storage.open_bucket(endpoint, fresh=True)
    except StorageError as error:
        reason = "the role could not be assumed."
        skipped = [_not_tried(name, reason) for name in (NOT_WITHOUT, NOT_WITH_ANOTHER, BUCKET, LIST, READ)]
        return ConnectionReport((Check(ASSUME, False, str(error)), *skipped))
    return ConnectionReport(
        (
            Check(ASSUME, True, f"{endpoint.role_arn} lets Denominator in with this endpoint's External ID."),
            _check_refused(endpoint, NOT_WITHOUT, None, "without an External ID"),
            _check_refused(endpoint, NOT_WITH_ANOTHER, new_external_id(), "with a wrong External ID"),
            *_check_bucket(endpoint, bucket),
        )
    )


def _check_refused(endpoint: S3Endpoint, name: str, external_id: str | None, how: str) -> Check:
    try:
        storage.try_to_assume(endpoint, external_id=external_id)
    except RoleDenied:
        return Check(name, True, f"AWS refuses the role {how}.")
    except StorageError as error:
        return Check(name, False, f"Not tried: {error}")
    return Check(
        name,
        False,
        f"AWS lets Denominator assume the role {how}, so another customer of Denominator who knows its ARN "
        "could read through it. Replace the role's trust policy by the one shown for this endpoint: its "
        "condition on sts:ExternalId (StringEquals) is what is missing.",
    )


def _check_bucket(endpoint: S3Endpoint, bucket: Bucket) -> list[Check]:
    found = f"The bucket {endpoint.bucket} is in {endpoint.region}."
    located = _check(BUCKET, lambda: bucket.locate() or found)
    if not located.ok:
        reason = "the bucket was not found in this region."
        return [located, _not_tried(LIST, reason), _not_tried(READ, reason)]
    prefix = endpoint.full_prefix("")
    objects: list[S3Object] = []

    def list_first_page() -> str:
        objects.extend(next(bucket.list_pages(prefix)))
        where = f"under {prefix}" if prefix else f"in {endpoint.bucket}"
        return (
            f"s3:ListBucket is allowed {where}."
            if objects
            else f"s3:ListBucket is allowed; nothing is {where} yet."
        )

    listed = _check(LIST, list_first_page)
    if not listed.ok:
        return [located, listed, _not_tried(READ, "no file could be listed.")]
    return [located, listed, _check(READ, lambda: _read_first_byte(bucket, objects))]


def _read_first_byte(bucket: Bucket, objects: list[S3Object]) -> str:
    files = [obj for obj in objects if obj.size]
    if not files:
        return "Reading could not be tried, because there is no file yet. Test again when there is one."
    obj = max(files, key=lambda file: file.last_modified)  # the oldest may have been archived
    bucket.read_range(obj, start=0, length=1)
    return f"s3:GetObject is allowed: {obj.key} could be read."


def _check(name: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(name, True, attempt())
    except StorageError as error:
        return Check(name, False, str(error))


def _not_tried(name: str, reason: str) -> Check:
    return Check(name, False, f"Not tried: {reason}")
