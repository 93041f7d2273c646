"""Bad input, one test each: the message names the thing and the remedy, and nothing stored is lost."""

from __future__ import annotations

import pytest

from endpoints import storage
from ingestion.models import Run
from tests.standin import trust

HEADER = "date,team,requests\n"
State = Run.State


@pytest.fixture
def stored(bench):
    """A telemetry that has synced a file well."""
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n")
    bench.sync()
    return bench


def assert_nothing_lost(bench):
    assert ("2024-05-01", "core", "5") in bench.points()
    bench.telemetry.refresh_from_db()
    assert bench.telemetry.data_through.isoformat() == "2024-05-01"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("date,te am,requests\n", 'Column names must not contain spaces: "te am". Rename them'),
        ("date,team,team,requests\n", 'names a column more than once: "team"'),
        ("date,,requests\n", "no name for column 2"),
        ("\n\nno header\n", "The first row is empty."),
        ("Usage report\n\n" + HEADER, 'with the columns "date", "team", "requests" stands in line 3'),
        ("sep=,\n" + HEADER, 'Line 1 is "sep=,": a hint for Excel, not the header. Delete that line'),
        (HEADER + "2024-05-02,core,1\r2024-05-03,web,2\r", "The lines from row 2 on end with CR alone"),
        (HEADER + "2024-05-02,a,1\nteam,date,requests\nb,2024-05-02,2\n", "Row 3 is another header"),
        (HEADER + '2024-05-02,a,1.234\n2024-05-03,a,"12,5"\n', "“1.234” may mean 1234"),
        ("day,team,requests\n", 'The file has no column "date".'),
        (b"PK\x03\x04" + bytes(60), "a zip archive or an Excel workbook, not CSV text. Export it as CSV."),
        (bytes(range(256)) * 10, "The file is binary"),
        ("date,team,requests\n".encode("utf-16"), "encoded in UTF-16. Save it as UTF-8."),
        ((HEADER + "2024-05-02,café,1\n").encode("latin-1"), "the byte 0xE9. It looks like Latin-1"),
        (HEADER + '2024-05-02,"core,1\n2024-05-03,web,2\n', "A quote that opens in row 2 is not closed"),
        (b"\x1f\x8b\x08\x00" + bytes(20), "The gzip data"),
        (HEADER.replace("\n", "\r") + "2024-05-02,core,1\r", "The lines end with CR alone"),
    ],
)
def test_a_file_that_cannot_be_used_fails_with_the_reason(stored, content, says):
    stored.put("b.csv", content, minutes=1)
    run = stored.sync()
    assert run.state == State.INCOMPLETE
    assert says in run.files.get().message
    assert_nothing_lost(stored)


def test_a_wrong_date_format_rejects_every_row(make_bench):
    bench = make_bench(date_format="MM/d/yyyy")
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n")
    run = bench.sync()
    assert run.state == State.SUCCEEDED_WITH_REJECTS
    assert run.files.get().reject_reasons == {"the date is not in the format MM/d/yyyy": 1}
    assert run.warning_texts == [
        "1 of 1 row was rejected: the date is not in the format MM/d/yyyy. That is every row of usage/a.csv."
    ]


def refuse_role(bench):
    trust(bench.standin, bench.telemetry.endpoint, external_id="another")


def refuse_list(bench):
    trust(bench.standin, bench.telemetry.endpoint, actions=frozenset({"s3:GetObject"}))


def move_bucket(bench):
    bench.telemetry.endpoint.region = "us-east-1"
    bench.telemetry.endpoint.save()


def lose_bucket(bench):
    bench.telemetry.endpoint.bucket = "acme-nowhere"
    bench.telemetry.endpoint.save()
    trust(bench.standin, bench.telemetry.endpoint)


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (refuse_role, "FinoutMetricsReadOnlyRole cannot be assumed. Check that the role exists"),
        (refuse_list, "s3:ListBucket"),
        (move_bucket, "eu-west-1"),
        (lose_bucket, "acme-nowhere"),
    ],
)
def test_a_bucket_that_cannot_be_listed_fails_the_run_with_the_remedy(stored, break_it, says):
    storage.clear_sessions()
    break_it(stored)
    stored.telemetry.refresh_from_db()
    run = stored.sync()
    assert run.state == State.FAILED
    assert says in run.message
    assert_nothing_lost(stored)


def test_a_denied_read_fails_the_file(stored):
    storage.clear_sessions()
    trust(stored.standin, stored.telemetry.endpoint, actions=frozenset({"s3:ListBucket"}))
    stored.put("b.csv", HEADER + "2024-05-02,core,1\n", minutes=1)
    run = stored.sync()
    assert run.state == State.INCOMPLETE
    assert "s3:GetObject" in run.files.get().message
    assert_nothing_lost(stored)


def test_s3_that_cannot_be_reached_fails_the_run(stored, monkeypatch):
    storage.clear_sessions()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    run = stored.sync()
    assert run.state == State.FAILED
    assert "could not be reached" in run.message
    assert_nothing_lost(stored)
