"""A sync of a store that does not answer as AWS does: what can be read is, the rest fails by name, or is
ignored with the reason, and nothing that was stored goes.
"""

from __future__ import annotations

import pytest

from ingestion.models import Run, RunFile
from tests import answers
from tests.ingestion.test_commands import run as run_command

HEADER = "date,team,requests\n"
State = Run.State


def put(bench, *names):
    for number, name in enumerate(names):
        bench.put(name, f"{HEADER}2024-05-0{number + 1},core,{number + 1}\n")


def teams(bench):
    return [(day, value) for day, _, value in bench.points()]


A, B = ("2024-05-01", "1"), ("2024-05-02", "2")


@pytest.mark.parametrize("element", ["ETag", "LastModified"])
def test_a_file_whose_version_is_not_told_fails_and_the_others_are_read(bench, standin, element):
    put(bench, "a.csv", "b.csv")
    standin.alter("list", answers.without(element, count=1))
    for _ in range(2):
        run = bench.sync()
        assert (run.state, run.files_failed) == (State.INCOMPLETE, 1)
        assert (run.files_planned, run.files_read + run.files_failed) == (run.files.count(),) * 2
        failed = run.files.get(state=RunFile.State.FAILED)
        assert (failed.key, element in failed.message) == ("usage/a.csv", True)
        assert bench.telemetry.source_files.get(state="failed").key == "usage/a.csv"
    assert teams(bench) == [B]
    standin.clear_faults()
    assert bench.sync().state == State.SUCCEEDED
    assert teams(bench) == [A, B]
    assert not bench.telemetry.source_files.filter(state="failed").exists()


def test_what_is_stored_of_a_file_stays_while_its_version_is_not_told(bench, standin):
    put(bench, "a.csv")
    bench.sync()
    standin.alter("list", answers.without("ETag"))
    run = bench.sync()
    assert (run.state, run.files_failed) == (State.FAILED, 1)
    assert teams(bench) == [A]


def test_what_is_no_csv_file_is_ignored_as_that_whatever_its_entry_lacks(bench, standin):
    put(bench, "a.csv")
    bench.put("notes.txt", "x")
    standin.alter("list", answers.replace("(notes.txt</Key>.*?)<ETag>.*?</ETag>", r"\1"))
    run = bench.sync()
    assert (run.state, run.files_read, run.files_ignored) == (State.SUCCEEDED, 1, 1)


def test_a_preview_shows_the_file_that_fails_and_leaves_nothing(bench, standin):
    put(bench, "a.csv", "b.csv")
    standin.alter("list", answers.without("ETag", count=1))
    assert bench.sync(is_preview=True).files_failed == 1
    assert not bench.telemetry.source_files.exclude(state="superseded").exists()


@pytest.mark.parametrize("name", ["a%00.csv", "%FF.csv", "x" * 2000 + ".csv"])
def test_a_name_that_cannot_be_kept_is_ignored_with_its_reason_and_the_others_are_read(bench, standin, name):
    put(bench, "b.csv")
    standin.alter("list", answers.add_entry(f"usage/{name}"))
    for _ in range(2):
        run = bench.sync()
        assert (run.state, run.files_ignored) == (State.SUCCEEDED, 1)
    [ignored] = bench.telemetry.source_files.filter(state="ignored")
    assert ignored.message.startswith("its name ")
    assert bench.telemetry.source_files.filter(state="superseded").count() == 0, "noted once"
    assert teams(bench) == [A]


def test_an_entry_that_comes_twice_is_read_once(bench, standin):
    put(bench, "a.csv", "b.csv")
    standin.alter("list", answers.edit(lambda text: answers.ENTRY.sub(lambda found: found[0] * 2, text)))
    run = bench.sync()
    assert (run.state, run.files_planned, run.files_read) == (State.SUCCEEDED, 2, 2)
    assert teams(bench) == [A, B]
    assert bench.sync().files_unchanged == 2


def test_files_after_an_empty_first_page_are_read(bench, standin, monkeypatch):
    monkeypatch.setattr("endpoints.storage.KEYS_A_PAGE", 1)
    put(bench, "a.csv", "b.csv")
    standin.alter("list", answers.without("Contents"), times=1)
    run = bench.sync()
    assert (run.state, run.files_read) == (State.SUCCEEDED, 1)
    assert bench.sync().files_read == 1


@pytest.mark.parametrize(
    "change",
    [
        answers.without("NextContinuationToken"),
        answers.replace("<NextContinuationToken>.*?<", "<NextContinuationToken>1<"),
        answers.without("Size"),
        answers.replace("<Size>.*?<", "<Size>many<"),
        answers.add_entry("elsewhere/z.csv"),
        answers.page(answers.LOGIN_PAGE),
        answers.page(answers.WELL_FORMED_PAGE),
    ],
)
def test_a_listing_that_cannot_be_used_fails_the_run_by_name_and_what_is_stored_stays(
    bench, standin, monkeypatch, change
):
    put(bench, "a.csv", "b.csv")
    bench.sync()
    put(bench, "c.csv")
    monkeypatch.setattr("endpoints.storage.KEYS_A_PAGE", 1)
    standin.alter("list", change)
    run = bench.sync()
    assert run.state == State.FAILED
    assert run.message.startswith("The answer of Amazon S3 cannot be used: ")
    assert teams(bench) == [A, B]
    standin.clear_faults()
    assert bench.sync().files_read == 1


def test_a_page_in_place_of_a_file_fails_that_file_by_name(bench, standin):
    put(bench, "a.csv", "b.csv")
    standin.alter("get", answers.page(answers.LOGIN_PAGE), name="a.csv")
    run = bench.sync()
    assert run.state == State.INCOMPLETE
    assert "no ETag, but the type text/html" in run.files.get(key="usage/a.csv").message
    assert teams(bench) == [B]


def test_weak_etags_are_read_and_known_again(bench, standin):
    put(bench, "a.csv")
    for operation in ("list", "get"):
        standin.alter(operation, answers.make_weak)
    assert bench.sync().state == State.SUCCEEDED
    standin.clear_faults()
    assert bench.sync().files_unchanged == 1, "also where the proxy that weakens them has gone"


def test_a_name_that_is_announced_encoded_and_is_not_fails_with_the_reason(bench, standin):
    put(bench, "a+b%41.csv", "c d.csv")
    standin.alter(
        "list", answers.edit(lambda text: text.replace("a%2Bb%2541", "a+b%41").replace("c+d", "c d"))
    )
    run = bench.sync()
    assert run.state == State.INCOMPLETE
    assert "encodes names otherwise than it says" in run.files.get(key="usage/a bA.csv").message
    assert teams(bench) == [B]


def test_an_object_overwritten_while_it_is_read_is_found_behind_an_empty_page(bench, standin, monkeypatch):
    monkeypatch.setattr("endpoints.storage.KEYS_A_PAGE", 1)
    put(bench, "a.csv")
    empty = answers.replace(
        "<IsTruncated>false</IsTruncated><.*</ListBucketResult>",
        "<IsTruncated>true</IsTruncated><NextContinuationToken>1</NextContinuationToken></ListBucketResult>",
    )

    def overwrite():
        bench.put("a.csv", f"{HEADER}2024-05-01,core,9\n", minutes=1)
        standin.alter("list", empty, times=1)

    standin.after("list", overwrite)
    assert bench.sync().state == State.SUCCEEDED
    assert teams(bench) == [("2024-05-01", "9")]


def test_the_command_prints_its_json_and_goes_on_with_the_other_telemetries(make_bench, standin):
    broken, well = make_bench(), make_bench(prefix="other/", metric_column="others", name="Others")
    put(broken, "a.csv")
    standin.put_object("acme-exports", "other/a.csv", "date,team,others\n2024-05-01,core,7\n")
    standin.alter("list", answers.page(answers.LOGIN_PAGE), name="usage/")
    result, code = run_command("sync_telemetry", "--account", "acme", "--all")
    assert code == 1
    assert {run["identifier"]: run["state"] for run in result["runs"]} == {
        "requests": "failed",
        "others": "succeeded",
    }
    assert [value for *_, value in well.points()] == ["7"]
