"""Test Endpoint: each of its checks fails once, for its own reason, with its own remedy."""

from __future__ import annotations

import pytest

from endpoints import connection, storage
from endpoints.connection import ASSUME, BUCKET, LIST, NOT_WITH_ANOTHER, NOT_WITHOUT, READ, check_connection
from endpoints.models import S3Endpoint
from endpoints.services import AlreadyBeingTested, run_connection_test
from tests.standin import BUCKET as BUCKET_NAME
from tests.standin import trust

ALL = [ASSUME, NOT_WITHOUT, NOT_WITH_ANOTHER, BUCKET, LIST, READ]


@pytest.fixture
def endpoint(s3_endpoint, standin):
    s3_endpoint.path_prefix = "exports"
    trust(standin, s3_endpoint)
    standin.put_object(BUCKET_NAME, "exports/a.csv", "date,bytes\n")
    return s3_endpoint


def failures(report):
    assert [check.name for check in report.checks] == ALL
    return {check.name: check.detail for check in report.checks if not check.ok}


def test_a_role_set_up_as_told_passes_everything(endpoint, standin):
    report = check_connection(endpoint)
    assert failures(report) == {}
    assert (report.ok, report.state) == (True, S3Endpoint.TestState.PASSED)
    assert "exports/a.csv could be read" in report.checks[-1].detail


def test_reading_costs_one_byte_of_the_newest_file(endpoint, standin):
    check_connection(endpoint)
    (seen,) = [seen for seen in standin.app.seen if seen.operation == "get"]
    assert seen.range == "bytes=0-0"


def test_a_role_that_cannot_be_assumed_leaves_the_rest_untried(endpoint, standin):
    standin.app.roles.remove(endpoint.role_arn)
    report = check_connection(endpoint)
    details = failures(report)
    assert list(details) == ALL
    assert "trust policy" in details[ASSUME]
    assert all(details[name].startswith("Not tried: ") for name in ALL[1:])
    assert report.state == S3Endpoint.TestState.FAILED


def test_a_role_that_wants_no_external_id_is_unsafe(endpoint, standin):
    trust(standin, endpoint, requires_external_id=False)
    report = check_connection(endpoint)
    details = failures(report)
    assert list(details) == [NOT_WITHOUT, NOT_WITH_ANOTHER]
    assert "sts:ExternalId" in details[NOT_WITHOUT]
    assert (report.ok, report.state) == (False, S3Endpoint.TestState.UNSAFE)


def test_a_role_that_takes_any_external_id_is_unsafe(endpoint, standin):
    trust(standin, endpoint, any_external_id=True)
    report = check_connection(endpoint)
    assert list(failures(report)) == [NOT_WITH_ANOTHER]
    assert report.state == S3Endpoint.TestState.UNSAFE


def test_trust_that_could_not_be_tried_is_not_taken_for_safe(endpoint, standin):
    standin.after("assume", lambda: standin.fail("assume", "server_error"))
    details = failures(check_connection(endpoint))
    assert details[NOT_WITHOUT].startswith("Not tried: AWS Security Token Service has a failure")
    assert list(details) == [NOT_WITHOUT, NOT_WITH_ANOTHER]


def test_a_bucket_in_another_region_names_it(endpoint):
    endpoint.region = "us-east-1"
    details = failures(check_connection(endpoint))
    assert list(details) == [BUCKET, LIST, READ]
    assert "Set Region to eu-west-1." in details[BUCKET]
    assert details[LIST].startswith("Not tried: ")


def test_a_missing_bucket_is_reported(endpoint, standin):
    endpoint.bucket = "no-such-bucket-here"
    trust(standin, endpoint)
    assert "There is no bucket no-such-bucket-here" in failures(check_connection(endpoint))[BUCKET]


def test_a_role_that_may_not_list_names_the_permission(endpoint, standin):
    trust(standin, endpoint, actions=("s3:GetObject",))
    details = failures(check_connection(endpoint))
    assert list(details) == [LIST, READ]
    assert "Allow s3:ListBucket on arn:aws:s3:::acme-exports" in details[LIST]
    assert "s3:prefix exports/*" in details[LIST]
    assert details[READ].startswith("Not tried: ")


def test_a_role_that_may_not_read_names_the_permission(endpoint, standin):
    trust(standin, endpoint, actions=("s3:ListBucket",))
    report = check_connection(endpoint)
    details = failures(report)
    assert list(details) == [READ]
    assert "Allow s3:GetObject on arn:aws:s3:::acme-exports/exports/*" in details[READ]
    assert report.state == S3Endpoint.TestState.FAILED


def test_without_a_file_reading_cannot_be_tried_and_nothing_is_wrong(endpoint, standin):
    standin.delete_object(BUCKET_NAME, "exports/a.csv")
    standin.put_object(BUCKET_NAME, "exports/", "")  # a folder marker
    report = check_connection(endpoint)
    assert report.ok
    assert "Reading could not be tried" in report.checks[-1].detail


def test_a_test_never_trusts_credentials_of_before(endpoint, standin):
    storage.open_bucket(endpoint)
    standin.app.roles.remove(endpoint.role_arn)
    assert ASSUME in failures(check_connection(endpoint))


def test_an_endpoint_is_tested_once_at_a_time(endpoint, monkeypatch):
    report = connection.ConnectionReport(())

    def test_again(_):
        with pytest.raises(AlreadyBeingTested):
            run_connection_test(endpoint=endpoint)
        return report

    monkeypatch.setattr("endpoints.services.check_connection", test_again)
    assert run_connection_test(endpoint=endpoint) is report
    assert run_connection_test(endpoint=endpoint) is report


def test_no_detail_shows_the_external_id(endpoint, standin):
    for setting in ({}, {"requires_external_id": False}, {"external_id": "denominator-other"}):
        trust(standin, endpoint, **setting)
        for check in connection.check_connection(endpoint).as_json():
            assert endpoint.external_id not in check["detail"]
