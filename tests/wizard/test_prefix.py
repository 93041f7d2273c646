"""A prefix as people paste it, the folders to choose from, and who reads the same files already."""

from __future__ import annotations

import pytest

from endpoints.models import S3Endpoint
from telemetry.services import create_telemetry
from tests.markup import squeeze
from tests.standin import BUCKET, make_endpoint
from tests.wizard.walk import errors_of, text_of


def see(walk, prefix: str) -> str:
    """What the page shows of matching files while one types."""
    return text_of(walk.get("source", f"?endpoint={walk.answers['source']['endpoint']}&prefix={prefix}"))


@pytest.mark.parametrize("scheme", ["s3://", "s3a://", "S3://", "arn:aws:s3:::"])
@pytest.mark.parametrize(("path_prefix", "kept"), [("", "mentions/2026-"), ("mentions", "2026-")])
def test_an_address_in_s3_is_taken_apart_and_said(walk, scheme, path_prefix, kept):
    S3Endpoint.objects.update(path_prefix=path_prefix)
    typed = f"{scheme}{BUCKET}/mentions/2026-"
    note = f"{typed} was read as the prefix {kept} of "
    page = see(walk, typed)
    assert note in page
    assert "5 files match" in page
    answer = walk.post("source", prefix=typed)
    assert answer.url == walk.url("preview")
    assert walk.draft.answers["source"]["prefix"] == kept
    assert note in text_of(walk.get("preview"))


@pytest.mark.parametrize("typed", ["mentions/2026-", "/mentions/2026-"])
def test_the_endpoints_own_prefix_is_dropped_where_nothing_is_under_both(walk, typed):
    S3Endpoint.objects.update(path_prefix="mentions")
    assert "5 files match" in see(walk, typed)
    walk.post("source", prefix=typed)
    assert walk.draft.answers["source"]["prefix"] == "2026-"
    assert f"{typed} was read as 2026-: the path prefix of " in text_of(walk.get("preview"))


def test_a_folder_called_as_the_endpoints_own_prefix_is_found(walk, days):
    S3Endpoint.objects.update(path_prefix="mentions")
    days.put_object(BUCKET, "mentions/mentions/a.csv", "date,n\n2026-03-01,1\n")
    assert "1 file matches" in see(walk, "mentions/")
    walk.post("source", prefix="mentions/")
    assert walk.draft.answers["source"]["prefix"] == "mentions/"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (
            "s3://elsewhere/usage/",
            "reads the bucket acme-exports, not elsewhere. Add an endpoint for the bucket",
        ),
        ("s3://second/usage/", "reads the bucket acme-exports, not second. Choose the endpoint Second."),
        (
            f"s3://{BUCKET}/logs/",
            "logs/ is not under the path prefix of Exports.",
        ),
        (f"s3://{BUCKET}/mentions/", "Enter the prefix of your CSV files"),
        (f"s3://{BUCKET}", "The whole bucket is not under the path prefix"),
        (
            "https://acme-exports.s3.amazonaws.com/mentions/",
            "or an address that begins with s3://acme-exports/mentions/",
        ),
    ],
)
def test_an_address_of_another_place_is_refused_with_what_to_do(walk, s3_account, typed, says):
    S3Endpoint.objects.update(path_prefix="mentions", name="Exports")
    make_endpoint(s3_account, name="Second", bucket="second").save()
    [message] = errors_of(walk.post("source", prefix=typed))["prefix"]
    assert says in message
    assert message in see(walk, typed) or "Enter the prefix of" in message
    assert "source" not in walk.draft.answers


def test_folders_are_listed_and_chosen_without_losing_what_was_typed(walk, days):
    days.put_object(BUCKET, "usage/daily/a.csv", "date,n\n2026-03-01,1\n")
    days.put_object(BUCKET, "usage/hourly/a b.csv", "date,n\n2026-03-01,1\n")
    assert "Folders to choose from Use mentions/ Use usage/" in see(walk, "")
    assert "Folders below it Use usage/daily/ Use usage/hourly/" in see(walk, "usage/")
    assert "Folders below it Use usage/" in see(walk, "us")
    answer = walk.client.post(
        walk.url("source"),
        {**walk.answers["source"], "prefix": "usage/", "name": "Kept", "folder": "usage/daily/"},
    )
    page = squeeze(answer)
    assert 'name="prefix" value="usage/daily/"' in page
    assert 'value="Kept"' in page
    assert "1 file</strong> matches" in page


def test_folders_are_relative_to_the_endpoints_path_prefix(walk, days):
    S3Endpoint.objects.update(path_prefix="exports")
    days.put_object(BUCKET, "exports/täglich/a.csv", "date,n\n2026-03-01,1\n")
    assert "Folders to choose from Use täglich/ " in see(walk, "")


def test_an_endpoint_that_cannot_be_looked_into_says_so_before_a_prefix_is_entered(walk, days):
    days.fail("list", "deny")
    assert "may not list" in see(walk, "")
    days.clear_faults()


def test_a_prefix_that_another_telemetry_reads_is_said_at_once(walk, s3_account, s3_endpoint):
    fields = {"date_column": "date", "date_format": "yyyy-MM-dd", "dimensions": []}
    make = {"account": s3_account, "endpoint": s3_endpoint, **fields}
    create_telemetry(name="All", prefix="mentions/", metric_column="one", **make)
    create_telemetry(name="Tenth", prefix="mentions/2026-03-10", metric_column="two", **make)
    create_telemetry(name="Other", prefix="logs/", metric_column="three", **make)
    page = see(walk, "mentions/")
    assert "All reads the same files." in page
    assert "one is taken." in page
    assert "Tenth reads files under mentions/2026-03-10 , some of which are the same." in page
    assert "Other reads" not in page
    assert walk.post("source").status_code == 302  # another metric of the same files
    assert "All reads files under mentions/ , some of which" in see(walk, "mentions/2026-03-09")


def test_another_accounts_telemetry_is_not_said(walk, s3_account):
    other = type(s3_account).objects.create(name="Other", slug="other", s3_csv_telemetry=True)
    foreign = make_endpoint(other)
    foreign.save()
    fields = {"date_column": "date", "date_format": "yyyy-MM-dd", "dimensions": [], "metric_column": "n"}
    create_telemetry(account=other, endpoint=foreign, name="Secret", prefix="mentions/", **fields)
    assert "Secret" not in see(walk, "mentions/")
