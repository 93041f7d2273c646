from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Account
from endpoints.connection import ConnectionReport
from endpoints.models import S3Endpoint
from endpoints.selectors import list_endpoints
from endpoints.services import (
    EndpointInUse,
    create_endpoint,
    delete_endpoint,
    run_endpoint_test,
    update_endpoint,
)
from endpoints.storage import open_bucket
from telemetry.models import Telemetry
from tests.standin import ROLE_ARN, trust

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FIELDS = {"name": "Exports", "role_arn": ROLE_ARN, "bucket": "acme-exports", "region": "eu-west-1"}


def add_telemetry(endpoint, name="Bytes"):
    return Telemetry.objects.create(
        kind="telemetry",
        account=endpoint.account,
        endpoint=endpoint,
        prefix="usage/",
        name=name,
        identifier=name.lower(),
        date_column="date",
        date_format="yyyy-MM-dd",
    )


def test_an_endpoint_is_kept_in_the_form_that_aws_takes(s3_account):
    endpoint = create_endpoint(
        account=s3_account,
        name=" Exports ",
        role_arn=f" {ROLE_ARN}\n",
        bucket=" acme-exports",
        region="EU-West-1",
        path_prefix=" exports/usage/",
    )
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.role_arn) == ("Exports", ROLE_ARN)
    assert (endpoint.region, endpoint.path_prefix) == ("eu-west-1", "exports/usage")
    assert endpoint.location == "acme-exports/exports/usage/"
    assert endpoint.test_state == S3Endpoint.TestState.UNTESTED


def test_a_path_prefix_keeps_the_slash_at_its_beginning(s3_account):
    for number, (typed, kept) in enumerate([("/", "/"), ("/cur/", "/cur"), ("cur//", "cur//")]):
        endpoint = create_endpoint(account=s3_account, **{**FIELDS, "name": f"E{number}"}, path_prefix=typed)
        endpoint.refresh_from_db()
        assert endpoint.path_prefix == kept


def test_an_endpoint_in_the_european_sovereign_cloud_is_kept(s3_account):
    arn = "arn:aws-eusc:iam::123456789012:role/R"
    fields = {**FIELDS, "role_arn": arn, "region": "eusc-de-east-1"}
    assert create_endpoint(account=s3_account, **fields).region == "eusc-de-east-1"


def test_a_bucket_of_before_2018_is_kept_and_read(s3_account, standin):
    name = "Acme_Usage." + "x" * 244
    endpoint = create_endpoint(account=s3_account, **{**FIELDS, "bucket": name, "region": "us-east-1"})
    endpoint.refresh_from_db()
    standin.add_bucket(name)
    standin.put_object(name, "a.csv", "inside")
    trust(standin, endpoint)
    bucket = open_bucket(endpoint)
    [obj] = next(bucket.list_pages(""))
    assert bucket.open_stream(obj).read() == b"inside"


def test_each_endpoint_has_an_external_id_of_its_own(s3_account):
    ids = {
        create_endpoint(account=s3_account, **{**FIELDS, "name": str(number)}).external_id
        for number in range(5)
    }
    assert len(ids) == 5
    assert all(len(made) == 52 and made.startswith("denominator-") for made in ids)


def test_everything_that_is_wrong_is_said_at_once(s3_account):
    with pytest.raises(ValidationError) as caught:
        create_endpoint(account=s3_account, name="", role_arn="x", bucket="X", region="x", path_prefix="\x00")
    assert set(caught.value.message_dict) == {"name", "role_arn", "bucket", "region", "path_prefix"}


def test_an_account_has_so_many_endpoints_and_no_more(s3_account, settings):
    settings.MAX_ENDPOINTS = 1
    create_endpoint(account=s3_account, **FIELDS)
    with pytest.raises(ValidationError, match="at most 1 endpoints"):
        create_endpoint(account=s3_account, **{**FIELDS, "name": "Another"})
    create_endpoint(account=Account.objects.create(name="Other", slug="other"), **FIELDS)


def test_a_name_is_once_in_an_account_and_free_in_another(s3_account):
    create_endpoint(account=s3_account, **FIELDS)
    with pytest.raises(ValidationError, match="exists already"):
        create_endpoint(account=s3_account, **FIELDS)
    other = Account.objects.create(name="Other", slug="other")
    create_endpoint(account=other, **FIELDS)
    assert list_endpoints(account=s3_account).count() == 1


def test_an_external_id_cannot_change_whoever_writes(s3_endpoint):
    with pytest.raises(IntegrityError), transaction.atomic():
        S3Endpoint.objects.filter(pk=s3_endpoint.pk).update(external_id="denominator-mine")


def test_a_test_is_kept_until_the_connection_changes(s3_endpoint):
    report = run_endpoint_test(endpoint=s3_endpoint, now=NOW)
    s3_endpoint.refresh_from_db()
    assert (s3_endpoint.test_state, s3_endpoint.tested_at) == ("passed", NOW)
    assert s3_endpoint.test_checks == report.as_json()

    same = {field: getattr(s3_endpoint, field) for field in ("role_arn", "bucket", "region", "path_prefix")}
    update_endpoint(endpoint=s3_endpoint, name="Renamed", description="new", **same)
    s3_endpoint.refresh_from_db()
    assert (s3_endpoint.name, s3_endpoint.test_state) == ("Renamed", "passed")

    update_endpoint(endpoint=s3_endpoint, name="Renamed", **{**same, "region": "us-east-1"})
    s3_endpoint.refresh_from_db()
    assert (s3_endpoint.test_state, s3_endpoint.test_checks, s3_endpoint.tested_at) == ("untested", [], None)


def test_a_test_of_a_connection_that_changed_meanwhile_is_dropped(s3_endpoint, monkeypatch):
    def change_meanwhile(endpoint):
        S3Endpoint.objects.filter(pk=endpoint.pk).update(region="us-east-1")
        return ConnectionReport(())

    monkeypatch.setattr("endpoints.services.check_connection", change_meanwhile)
    run_endpoint_test(endpoint=s3_endpoint, now=NOW)
    s3_endpoint.refresh_from_db()
    assert s3_endpoint.test_state == "untested"


def test_an_endpoint_in_use_is_not_deleted(s3_endpoint):
    telemetry = add_telemetry(s3_endpoint)
    with pytest.raises(EndpointInUse) as caught:
        delete_endpoint(endpoint=s3_endpoint)
    assert caught.value.telemetries == ["Bytes"]
    telemetry.delete()
    delete_endpoint(endpoint=s3_endpoint)
    assert not S3Endpoint.objects.exists()


def test_a_list_is_searched_by_every_word(s3_account):
    create_endpoint(account=s3_account, **{**FIELDS, "name": "Usage", "path_prefix": "exports"})
    create_endpoint(account=s3_account, **{**FIELDS, "name": "Billing", "region": "us-east-1"})
    found = [[endpoint.name for endpoint in list_endpoints(account=s3_account, search=words)]
             for words in ("", "acme", "EXPORTS usage", "us-east", "usage us-east")]  # fmt: skip
    assert found == [["Billing", "Usage"], ["Billing", "Usage"], ["Usage"], ["Billing"], []]


def test_a_list_counts_telemetries_in_one_query(s3_endpoint, django_assert_num_queries):
    add_telemetry(s3_endpoint, "Bytes")
    add_telemetry(s3_endpoint, "Calls")
    with django_assert_num_queries(1):
        (endpoint,) = list_endpoints(account=s3_endpoint.account)
        assert endpoint.telemetry_count == 2
