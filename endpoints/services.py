"""Everything that changes an endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts.models import Account, User
from audit.services import record
from audit.snapshots import Values, take_snapshot
from core.slots import LimitReached, hold_slot
from endpoints.connection import ConnectionReport, check_connection
from endpoints.models import S3Endpoint, new_external_id
from endpoints.validators import clean_connection

CONNECTION_FIELDS = ("role_arn", "bucket", "path_prefix", "region")
LOCATION_FIELDS = ("bucket", "path_prefix")
NAMES_SHOWN = 5
MAX_TEST_SECONDS = 300  # seconds after which a test that never ended no longer blocks the next
TOO_MANY = "An account has at most {most} endpoints. Delete one that no telemetry uses, then add this one."
NAME_TAKEN = "An endpoint of this name exists already. Choose another name."


class CannotTestNow(Exception):
    """The text says why, and when to try again."""


class AlreadyBeingTested(CannotTestNow):
    """The endpoint is being tested at this moment."""

    def __init__(self) -> None:
        super().__init__(
            "This endpoint is being tested at this moment. Wait for the result, or try again in a minute."
        )


class TooManyTests(CannotTestNow):
    """The account tests as many endpoints as it may at once (TESTS_AT_ONCE)."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"No more than {most} of this account's endpoints can be tested at the same time. "
            "Try again when one of the tests is done, within a minute."
        )


class EndpointInUse(Exception):
    """Telemetries read from the endpoint: `telemetries` are their names."""

    def __init__(self, telemetries: list[str]) -> None:
        super().__init__(", ".join(telemetries))
        self.telemetries = telemetries


def create_endpoint(
    *,
    account: Account,
    name: str,
    role_arn: str,
    bucket: str,
    region: str,
    path_prefix: str = "",
    description: str = "",
    external_id: str | None = None,
    created_by: User | None = None,
) -> S3Endpoint:
    """A new endpoint, not tested. `external_id` is one that we made and showed; without it, one is made.

    Raises ValidationError keyed by field.
    """
    endpoint = S3Endpoint(
        account=account,
        name=name.strip(),
        description=description.strip(),
        role_arn=role_arn,
        bucket=bucket,
        path_prefix=path_prefix,
        region=region,
        external_id=external_id or new_external_id(),
        created_by=created_by,
    )
    _clean(endpoint)
    if S3Endpoint.objects.for_account(account).count() >= settings.MAX_ENDPOINTS:
        raise ValidationError({"name": TOO_MANY.format(most=settings.MAX_ENDPOINTS)})
    with transaction.atomic():
        _save(endpoint)
        record("endpoint.created", account=account, target=endpoint, after=take_snapshot(endpoint))
    return endpoint


def update_endpoint(
    *,
    endpoint: S3Endpoint,
    name: str,
    role_arn: str,
    bucket: str,
    region: str,
    path_prefix: str = "",
    description: str = "",
) -> S3Endpoint:
    """Change all but the external ID. What the last test found is forgotten when the connection changes.

    Raises ValidationError keyed by field; by `bucket` and `path_prefix` where telemetries read from there.
    """
    before, connection = take_snapshot(endpoint), connection_of(endpoint)
    endpoint.name, endpoint.description = name.strip(), description.strip()
    endpoint.role_arn, endpoint.bucket = role_arn, bucket
    endpoint.path_prefix, endpoint.region = path_prefix, region
    _clean(endpoint)
    if connection_of(endpoint) != connection:
        forget_test(endpoint)
    with transaction.atomic():
        check_location_unchanged(endpoint)
        _save(endpoint)
        _record_change(endpoint, before)
    return endpoint


def check_location_unchanged(endpoint: S3Endpoint) -> None:
    """Refuse another place than the stored one while telemetries read from it: both would count together.

    Within the transaction that saves. Raises ValidationError keyed by what changed.
    """
    stored = S3Endpoint.objects.for_account(endpoint.account).select_for_update().get(pk=endpoint.pk)
    moved = [field for field in LOCATION_FIELDS if getattr(endpoint, field) != getattr(stored, field)]
    names = list(stored.sources.order_by("name").values_list("name", flat=True)[: NAMES_SHOWN + 1])
    if not moved or not names:
        return
    told = ", ".join(names[:NAMES_SHOWN]) + (" and others" if len(names) > NAMES_SHOWN else "")
    problem = (
        f"Telemetries read from {stored.location}, and files of two places would count together: {told}. "
        "Add another endpoint for the new place, and telemetries that read from it."
    )
    raise ValidationError(dict.fromkeys(moved, problem))


def run_connection_test(*, endpoint: S3Endpoint) -> ConnectionReport:
    """Run Test Endpoint's checks, on an endpoint that may be unsaved. Raises CannotTestNow."""
    running = f"endpoint-test:{endpoint.external_id}"
    if not cache.add(running, True, MAX_TEST_SECONDS):
        raise AlreadyBeingTested
    try:
        with hold_test_slot(account_id=endpoint.account_id):
            report = check_connection(endpoint)
    finally:
        cache.delete(running)
    record_test(endpoint=endpoint, report=report)
    return report


def record_test(*, endpoint: S3Endpoint, report: ConnectionReport) -> None:
    """Tell the audit log that somebody has tested the endpoint, which may be unsaved."""
    record("endpoint.tested", account=endpoint.account, target=endpoint, after={"result": report.state})


@contextmanager
def hold_test_slot(*, account_id: int) -> Iterator[None]:
    """Ask AWS for a test or for a check of one, as long as the account does not ask too much at once.

    Raises TooManyTests.
    """
    most = settings.TESTS_AT_ONCE
    try:
        with hold_slot("test", account_id=account_id, most=most, seconds=MAX_TEST_SECONDS):
            yield
    except LimitReached as full:
        raise TooManyTests(full.most) from None


def run_endpoint_test(*, endpoint: S3Endpoint, now: datetime) -> ConnectionReport:
    """Test a saved endpoint and keep what was found. Raises CannotTestNow."""
    tested = connection_of(endpoint)
    result = run_connection_test(endpoint=endpoint)
    save_result(endpoint=endpoint, result=result, tested=tested, now=now)
    return result


def save_result(
    *, endpoint: S3Endpoint, result: ConnectionReport, tested: dict[str, str], now: datetime
) -> None:
    """Keep what a test found, unless the connection has changed since it began."""
    found = {"test_state": result.state, "test_checks": result.as_json(), "tested_at": now}
    if S3Endpoint.objects.filter(pk=endpoint.pk, **tested).update(**found):
        for name, value in found.items():
            setattr(endpoint, name, value)


def forget_test(endpoint: S3Endpoint) -> None:
    """What was found does not hold for another connection. Does not save."""
    endpoint.test_state = S3Endpoint.TestState.UNTESTED
    endpoint.test_checks, endpoint.tested_at = [], None


def delete_endpoint(*, endpoint: S3Endpoint) -> None:
    """Raises EndpointInUse while telemetries read from it."""
    try:
        with transaction.atomic():
            before = take_snapshot(endpoint)
            record("endpoint.deleted", account=endpoint.account, target=endpoint, before=before)
            endpoint.delete()
    except ProtectedError:
        raise EndpointInUse(list(endpoint.sources.values_list("name", flat=True))) from None


def connection_of(endpoint: S3Endpoint) -> dict[str, str]:
    """The fields that a test speaks of."""
    return {field: getattr(endpoint, field) for field in CONNECTION_FIELDS}


def _clean(endpoint: S3Endpoint) -> None:
    """Bring the fields into the form to keep. Raises ValidationError keyed by field, for all at once."""
    problems: dict[str, ValidationError | list[ValidationError]] = {}
    try:
        for field, value in clean_connection(**connection_of(endpoint)).items():
            setattr(endpoint, field, value)
    except ValidationError as error:
        problems.update(error.error_dict)
    try:
        endpoint.clean_fields(exclude=["account", "created_by", *problems])
    except ValidationError as error:
        problems.update(error.error_dict)
    same_name = S3Endpoint.objects.for_account(endpoint.account).filter(name=endpoint.name)
    if "name" not in problems and same_name.exclude(pk=endpoint.pk).exists():
        problems["name"] = ValidationError(NAME_TAKEN)
    if problems:
        raise ValidationError(problems)


def _record_change(endpoint: S3Endpoint, before: Values) -> None:
    after = take_snapshot(endpoint)
    if after != before:
        record("endpoint.changed", account=endpoint.account, target=endpoint, before=before, after=after)


def _save(endpoint: S3Endpoint) -> None:
    try:
        with transaction.atomic():
            endpoint.save()
    except IntegrityError:  # somebody was faster
        raise ValidationError({"name": NAME_TAKEN}) from None
