"""What a run says of what its files hold: nothing at all, rows that cannot be used, bytes after their end."""

from __future__ import annotations

import contextlib
import gzip
import io
import json

import pytest
from django.core.management import call_command

from accounts.services import add_member
from ingestion.models import Run, SourceFile
from ingestion.scope import EVERYTHING

HEADER = "date,team,requests\n"
GOOD = HEADER + "2024-05-01,core,5\n"
State = Run.State


def sync_by_command(bench) -> tuple[dict, str]:
    """The run as the command tells it, and what it wrote on standard error."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command(
            *("sync_telemetry", "requests", "--account", bench.telemetry.account.slug, "--json"),
            stdout=out,
            stderr=errors,
        )
    return json.loads(out.getvalue())["runs"][0], errors.getvalue()


def pack(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


# --- files that hold nothing ---
EMPTY = [pack(""), pack("") * 3, "\ufeff", pack("\ufeff"), "\n", "\r\n\n", pack("\n")]


@pytest.mark.parametrize("content", EMPTY)
def test_a_file_that_holds_nothing_is_ignored_as_an_object_of_zero_bytes_is(bench, content):
    bench.put("a.csv", GOOD)
    bench.put("b.csv.gz", content)
    run = bench.sync()
    assert (run.state, run.files_read, run.files_ignored, run.files_failed) == (State.SUCCEEDED, 1, 1, 0)
    assert run.files_planned == run.files_read
    ignored = SourceFile.objects.get(state="ignored")
    assert (ignored.key, ignored.message) == ("usage/b.csv.gz", "it is empty (no header, no row)")
    assert run.warning_texts == []


def test_a_file_that_holds_nothing_is_read_once(bench, standin):
    bench.put("a.csv.gz", pack(""))
    bench.sync()
    reads = standin.count("get")
    run = bench.sync()
    assert standin.count("get") == reads
    assert (run.state, run.files_ignored, run.files_planned) == (State.SUCCEEDED, 1, 0)
    assert SourceFile.objects.filter(state="ignored").count() == 1
    assert bench.sync(scope=EVERYTHING).files_ignored == 1
    assert standin.count("get") == reads + 1


def test_an_empty_version_leaves_what_is_stored_of_the_key_and_is_forgotten_with_the_next(bench):
    bench.put("a.csv.gz", pack(GOOD))
    bench.sync()
    bench.put("a.csv.gz", pack(""), minutes=1)
    assert bench.sync().files_ignored == 1
    assert bench.points() == [("2024-05-01", "core", "5")]
    bench.put("a.csv.gz", pack(HEADER + "2024-05-01,core,6\n"), minutes=2)
    assert bench.sync().files_read == 1
    assert bench.points() == [("2024-05-01", "core", "6")]
    assert not SourceFile.objects.filter(state="ignored").exists()


def test_a_preview_of_reading_again_leaves_nothing_of_a_file_that_holds_nothing(bench):
    bench.put("a.csv", GOOD)
    bench.sync()
    bench.put("b.csv.gz", pack(""))
    run = bench.sync(is_preview=True, scope=EVERYTHING)
    assert (run.files_read, run.files_ignored, run.files_failed) == (1, 1, 0)
    assert not SourceFile.objects.filter(state="ignored").exists()


def test_that_all_files_hold_nothing_is_said_by_every_run(bench):
    bench.put("a.csv.gz", pack(""))
    says = "None of the 1 objects under s3://acme-exports/usage/ is a CSV file with anything in it"
    for _ in range(2):
        [warning] = bench.sync().warning_texts
        assert says in warning


def test_files_that_hold_nothing_are_not_among_those_read_or_failed(bench):
    bench.put("a.csv", GOOD)
    bench.put("b.csv.gz", pack(""))
    run, _ = sync_by_command(bench)
    assert run["files_ignored"] == 1
    assert run["files"] == [
        {"key": "usage/a.csv", "state": "read", "rows_read": 1, "rows_rejected": 0, "message": ""}
    ]


# --- bytes after the end of gzip data ---
@pytest.mark.parametrize(
    "tail", [b"\r\n", b"\0\0garbage", b"\x1f", b"2024-05-02,core,6\n", b"\x1e\x8b" * 9_000]
)
def test_bytes_after_the_end_of_gzip_data_are_ignored_and_warned_of(bench, tail):
    bench.put("a.csv.gz", pack(GOOD) + tail)
    run = bench.sync()
    assert run.state == State.SUCCEEDED
    assert bench.points() == [("2024-05-01", "core", "5")]
    assert run.warning_texts == [
        "usage/a.csv.gz: Bytes after the end of its gzip data were ignored, as gzip does."
    ]


@pytest.mark.parametrize("tail", [b"", b"\0" * 600, pack("2024-05-02,core,6\n")])
def test_zeros_and_further_members_are_no_such_bytes(bench, tail):
    bench.put("a.csv.gz", pack(GOOD) + tail)
    assert bench.sync().warning_texts == []


@pytest.mark.parametrize(
    "content", [pack(GOOD)[:-3], pack(GOOD) + pack(GOOD)[:-3], pack(GOOD) + b"\x1f\x8bgarbage and more of it"]
)
def test_a_member_that_is_cut_off_or_damaged_fails_the_file(bench, content):
    bench.put("a.csv.gz", content)
    run = bench.sync()
    assert run.state == State.FAILED
    assert "The gzip data" in run.files.get().message


# --- rejected rows ---
def test_a_run_with_rejected_rows_says_how_many_and_why_most_of_them(bench):
    bench.put("a.csv", GOOD)
    bench.put("b.csv", HEADER + "2024-05-02,core,x\n2024-05-02,core,-1\n2024-05-02,core,-2\n2024-05-02,a,1\n")
    assert bench.sync().warning_texts == [
        "3 of 5 rows were rejected, most often (2): the metric is negative. In usage/b.csv."
    ]


def test_of_several_files_the_first_is_named_and_one_of_which_nothing_is_left(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,-1\n2024-05-01,core,5\n")
    for name in ("b.csv", "c.csv", "d.csv"):
        bench.put(name, HEADER + "2024-05-01,core,-1\n", minutes=-600)
    [warning] = [text for text in bench.sync().warning_texts if "rejected" in text]
    assert warning == (
        "4 of 5 rows were rejected: the metric is negative. In 4 files, first in usage/a.csv. "
        "Every row of usage/b.csv and of 2 more files was rejected."
    )


def test_rejected_rows_of_files_that_failed_are_told_by_the_file_alone(make_bench):
    bench = make_bench(max_rejected_percent=10)
    bench.put("a.csv", HEADER + "2024-05-01,core,-1\n")
    run = bench.sync()
    assert (run.state, run.warning_texts) == (State.FAILED, [])


def test_the_reason_stands_on_the_page_in_the_json_and_on_standard_error(bench, client):
    bench.put("a.csv", HEADER + "2024-05-01T05:00:00Z,core,1\n2024-05-01,core,5\n")
    told, errors = sync_by_command(bench)
    text = (
        "1 of 2 rows was rejected: the date has a time of day: cut it off (rows of one day add up), or "
        "export one row a day. In usage/a.csv."
    )
    assert [warning["text"] for warning in told["warnings"]] == [text]
    assert f"requests: {text}" in errors
    account = bench.telemetry.account
    client.force_login(add_member(account=account, email="a@b.example", role="viewer", password=None)[0].user)
    run = Run.objects.get()
    page = client.get(f"/settings/telemetry/{bench.telemetry.public_id}/runs/{run.public_id}/")
    assert text in page.content.decode()
