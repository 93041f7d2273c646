"""Test Endpoint: whether an endpoint's bucket can be read, and by us alone, check by check.

The trust policy is tested as well as the permissions: a role that anyone else's Denominator account could
assume by its ARN would let them read this bucket through us (the confused deputy,
https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from commandline.unexpected import describe_unexpected, log_unexpected
from endpoints import storage
from endpoints.error_types import TagSessionDenied
from endpoints.models import S3Endpoint, new_external_id
from endpoints.slashes import find_other_slash
from endpoints.storage import RoleDenied, S3Object, StorageError

ASSUME = "Role can be assumed"
NOT_WITHOUT = "Role cannot be assumed without the External ID"
NOT_WITH_ANOTHER = "Role cannot be assumed with a wrong External ID"
BUCKET = "Bucket exists in this region"
LIST = "Files can be listed"
READ = "A file can be read"
TRUST_CHECKS = {NOT_WITHOUT, NOT_WITH_ANOTHER}
# The message of a skipped check, by the failed one that it needs.
REASONS_NOT_TO_TRY = {
    ASSUME: "the role could not be assumed.",
    BUCKET: "the bucket was not found in this region.",
    LIST: "no file could be listed.",
}
NOT_TRIED = "Not tried: "


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
    """Run all checks. The endpoint may be unsaved. Raises nothing: failures are reported as checks."""
    done: list[Check] = []
    while len(done) < len(STEPS):
        done.append(run_next_check(endpoint, done=done))
    return ConnectionReport(tuple(done))


def run_next_check(endpoint: S3Endpoint, *, done: Sequence[Check]) -> Check:
    """Run the first check that is not `done`, so that a page can show one after the other."""
    step = STEPS[len(done)]
    failed = {check.name for check in done if not check.ok}
    for needed in step.needs:
        if needed in failed:
            return Check(step.name, False, f"{NOT_TRIED}{REASONS_NOT_TO_TRY[needed]}")
    try:
        return Check(step.name, True, step.attempt(endpoint))
    except (StorageError, _Failed) as error:
        return Check(step.name, False, str(error))
    except Exception as error:  # noqa: BLE001 - every failure is shown to the person who tests
        reference = log_unexpected("endpoint test broke", error, check=step.name)
        return Check(step.name, False, describe_unexpected(error, reference))


def list_checks() -> list[str]:
    """The names of all checks, in their order."""
    return [step.name for step in STEPS]


class _Failed(Exception):
    """AWS did not answer as expected."""


def _assume(endpoint: S3Endpoint) -> str:
    storage.open_bucket(endpoint, fresh=True, testing=True)
    return f"{endpoint.role_arn} lets Denominator in with this endpoint's External ID."


def _expect_refusal(endpoint: S3Endpoint, *, how: str, external_id: Callable[[], str | None]) -> str:
    try:
        storage.try_to_assume(endpoint, external_id=external_id())
    except (
        TagSessionDenied
    ) as error:  # our session tags were refused: a caller without tags might be accepted
        raise _Failed(f"{NOT_TRIED}{error}") from None
    except RoleDenied:
        return f"AWS refuses the role {how}."
    except StorageError as error:
        raise _Failed(f"{NOT_TRIED}{error}") from None
    raise _Failed(
        f"AWS lets Denominator assume the role {how}, so another customer of Denominator who knows its ARN "
        "could read through it. Replace the role's trust policy by the one shown for this endpoint: its "
        "condition on sts:ExternalId (StringEquals) is what is missing."
    )


def _locate(endpoint: S3Endpoint) -> str:
    storage.open_bucket(endpoint, testing=True).locate()
    return f"The bucket {endpoint.bucket} is in {endpoint.region}."


def _list(endpoint: S3Endpoint) -> str:
    prefix = endpoint.full_prefix("")
    where = f"under {prefix}" if prefix else f"in {endpoint.bucket}"
    page = _list_first_page(endpoint)
    if unusable := [obj for obj in page if obj.unusable]:
        first = unusable[0]
        return (
            f"s3:ListBucket is allowed {where}. Of the first {len(page):,} objects, {len(unusable):,} cannot "
            f"be read. The first is {first.key}: {first.unusable}."
        )
    if page:
        return f"s3:ListBucket is allowed {where}."
    if other := find_other_slash(endpoint=endpoint, testing=True):
        raise _Failed(f"s3:ListBucket is allowed, but nothing is {where}. {other}")
    return f"s3:ListBucket is allowed; nothing is {where} yet."


def _read(endpoint: S3Endpoint) -> str:
    page = _list_first_page(endpoint)
    files = [obj for obj in page if obj.size and not obj.unusable]
    if not files and (problem := next((obj.problem for obj in page if obj.problem), "")):
        raise _Failed(f"No file can be read: {problem}. Report it to the store's operator.")
    if not files:
        return "Reading could not be tried, because there is no file yet. Test again when there is one."
    readable = [obj for obj in files if not obj.is_archived]
    if not readable:
        return (
            "Reading could not be tried, because every file is archived. Test again when there is a new one."
        )
    obj = max(
        readable, key=lambda file: file.last_modified
    )  # of the class Intelligent-Tiering, old ones may be
    storage.open_bucket(endpoint, testing=True).read_range(obj, start=0, length=1)
    return f"s3:GetObject is allowed: {obj.key} could be read."


def _list_first_page(endpoint: S3Endpoint) -> list[S3Object]:
    pages = storage.open_bucket(endpoint, testing=True).list_pages(endpoint.full_prefix(""))
    return next((page for page in pages if page), [])  # some stores begin with empty pages


@dataclass(frozen=True, slots=True)
class _Step:
    """A check, and those that it `needs`: it is skipped where one of them failed."""

    name: str
    attempt: Callable[[S3Endpoint], str]
    needs: tuple[str, ...] = ()


STEPS = (
    _Step(ASSUME, _assume),
    _Step(
        NOT_WITHOUT,
        partial(_expect_refusal, how="without an External ID", external_id=lambda: None),
        needs=(ASSUME,),
    ),
    _Step(
        NOT_WITH_ANOTHER,
        partial(_expect_refusal, how="with a wrong External ID", external_id=new_external_id),
        needs=(ASSUME,),
    ),
    _Step(BUCKET, _locate, needs=(ASSUME,)),
    _Step(LIST, _list, needs=(ASSUME, BUCKET)),
    _Step(READ, _read, needs=(ASSUME, BUCKET, LIST)),
)
