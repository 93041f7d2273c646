"""Fixtures for every test that needs S3: a stand-in of its own, and an endpoint that reads from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.models import Account
from demo.standin import OUR_KEY, StandIn
from endpoints import storage
from endpoints.models import S3Endpoint, new_external_id

BUCKET = "acme-exports"
REGION = "eu-west-1"
ROLE_ARN = "arn:aws:iam::123456789012:role/FinoutMetricsReadOnlyRole"
SDK_VARIABLES = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


def use_aws_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the SDK at `url` with Denominator's own credentials, and at nothing else of this machine."""
    for name in SDK_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", OUR_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "our-own-secret-access-key")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    storage.clear_sessions()


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """S3 and STS with the empty bucket BUCKET in REGION; AWS_ENDPOINT_URL points to it."""
    running = StandIn().start()
    running.add_bucket(BUCKET, region=REGION)
    use_aws_at(running.url, monkeypatch)
    yield running
    running.stop()
    storage.clear_sessions()


def make_endpoint(account: Account, **fields: str) -> S3Endpoint:
    """An unsaved endpoint of BUCKET; `fields` are what shall be different."""
    values = {
        "name": "Exports",
        "role_arn": ROLE_ARN,
        "external_id": new_external_id(),
        "bucket": BUCKET,
        "region": REGION,
        **fields,
    }
    return S3Endpoint(account=account, **values)


def trust(standin: StandIn, endpoint: S3Endpoint, **fields: object) -> None:
    """Set up the endpoint's role as its page tells the customer to; `fields` are what shall be different."""
    values = {"prefix": endpoint.full_prefix(""), "external_id": endpoint.external_id, **fields}
    standin.add_role(endpoint.role_arn, bucket=endpoint.bucket, **values)


@pytest.fixture
def s3_account(db: None) -> Account:
    return Account.objects.create(name="Acme", slug="acme", s3_csv_telemetry=True)


@pytest.fixture
def s3_endpoint(standin: StandIn, s3_account: Account) -> S3Endpoint:
    """A saved endpoint whose role is set up; its bucket is empty."""
    endpoint = make_endpoint(s3_account)
    endpoint.save()
    trust(standin, endpoint)
    return endpoint
