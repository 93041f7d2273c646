"""Archived objects beside live ones: ignored with the reason, and read once they are restored."""

from __future__ import annotations

import pytest

from endpoints import storage
from endpoints.connection import READ, check_connection
from ingestion.models import Run, SourceFile
from ingestion.scope import EVERYTHING

HEADER = "date,team,requests\n"
State = Run.State
GLACIER = "it is archived (storage class GLACIER): it is read once it has been restored"
TIERED = "it is archived: it is read once it has been restored"


def reasons(bench) -> dict[str, str]:
    ignored = bench.telemetry.source_files.filter(state=SourceFile.State.IGNORED)
    return {file.key.removeprefix("usage/"): file.message for file in ignored}


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
@pytest.mark.parametrize("restore", ["", "ongoing"])
def test_an_archived_file_is_ignored_with_its_storage_class(two, storage_class, restore):
    two.keep("b.csv", storage_class=storage_class, restore=restore)
    run = two.sync()
    assert (run.state, run.files_read, run.files_ignored, run.files_failed) == (State.SUCCEEDED, 1, 1, 0)
    assert reasons(two) == {"b.csv": GLACIER.replace("GLACIER", storage_class)}
    assert two.points() == [("2024-05-01", "core", "5")]
    assert two.standin.count("get") == 1


@pytest.mark.parametrize("storage_class", ["STANDARD_IA", "GLACIER_IR", "INTELLIGENT_TIERING", "ONEZONE_IA"])
def test_a_class_that_is_read_at_once_is_read(two, storage_class):
    two.keep("b.csv", storage_class=storage_class)
    assert two.sync().files_read == 2


def test_a_restored_file_is_read_by_the_next_sync_and_counts_after_the_copy_has_ended(two):
    two.keep("b.csv", storage_class="GLACIER")
    two.sync()
    two.keep("b.csv", restore="done")
    run = two.sync()
    assert (run.state, run.files_read, run.files_ignored) == (State.SUCCEEDED, 1, 0)
    assert reasons(two) == {}
    two.keep("b.csv", restore="")
    run = two.sync()
    assert (run.state, run.files_unchanged, run.files_ignored) == (State.SUCCEEDED, 2, 0)
    assert two.points() == [("2024-05-01", "core", "5"), ("2024-05-02", "core", "6")]


def test_a_file_archived_after_it_was_stored_is_unchanged_for_ever(two):
    two.sync()
    two.keep("b.csv", storage_class="GLACIER")
    for _ in range(2):
        run = two.sync()
        assert (run.state, run.files_unchanged, run.files_ignored) == (State.SUCCEEDED, 2, 0)
        assert run.warning_texts == []
    assert two.points() == [("2024-05-01", "core", "5"), ("2024-05-02", "core", "6")]


def test_a_newer_version_that_was_archived_unread_leaves_the_older_ones_data(two):
    two.sync()
    two.put("b.csv", HEADER + "2024-05-02,core,9\n", minutes=5)
    two.keep("b.csv", storage_class="GLACIER")
    run = two.sync()
    assert (run.state, run.files_ignored) == (State.SUCCEEDED, 1)
    assert reasons(two) == {"b.csv": GLACIER}
    assert ("2024-05-02", "core", "6") in two.points()
    two.keep("b.csv", restore="done")
    two.sync()
    assert ("2024-05-02", "core", "9") in two.points()


def test_a_file_that_intelligent_tiering_archived_is_ignored_when_it_is_read(two):
    """A listing is silent about it, and so the file is tried by each sync."""
    two.keep("b.csv", storage_class="INTELLIGENT_TIERING", is_tiered_away=True)
    for read, unchanged in ((1, 0), (0, 1)):
        run = two.sync()
        assert run.state == State.SUCCEEDED
        assert (run.files_read, run.files_unchanged, run.files_ignored) == (read, unchanged, 1)
        assert (run.files_planned, run.files_failed, run.files.filter(state="read").count()) == (
            read,
            0,
            read,
        )
        assert reasons(two) == {"b.csv": TIERED}
    two.keep("b.csv", is_tiered_away=False)
    assert two.sync().files_read == 1
    assert two.points() == [("2024-05-01", "core", "5"), ("2024-05-02", "core", "6")]


def test_a_file_archived_between_listing_and_reading_is_ignored(two):
    two.standin.after("list", lambda: two.keep("b.csv", storage_class="GLACIER"))
    run = two.sync()
    assert (run.state, run.files_read, run.files_ignored) == (State.SUCCEEDED, 1, 1)
    assert reasons(two) == {"b.csv": TIERED}


def test_a_file_that_failed_and_was_archived_since_fails_no_more(two):
    two.put("b.csv", "no header of ours\n", minutes=2)
    assert two.sync().state == State.INCOMPLETE
    two.keep("b.csv", storage_class="GLACIER")
    assert two.sync().state == State.SUCCEEDED
    assert reasons(two) == {"b.csv": GLACIER}
    assert not two.telemetry.source_files.filter(state=SourceFile.State.FAILED).exists()


def test_reading_everything_again_says_what_could_not_be(two):
    two.sync()
    two.keep("b.csv", storage_class="GLACIER")
    run = two.sync(scope=EVERYTHING)
    assert (run.state, run.files_read, run.files_ignored) == (State.SUCCEEDED, 1, 1)
    assert reasons(two) == {"b.csv": GLACIER}
    assert len(two.points()) == 2
    two.sync()
    assert reasons(two) == {}


@pytest.mark.parametrize(
    "traits", [{"storage_class": "GLACIER"}, {"storage_class": "INTELLIGENT_TIERING", "is_tiered_away": True}]
)
def test_an_archived_file_cannot_be_read_by_other_dimensions_without_consent(bench, traits):
    bench.put("a.csv", "date,team,environment,requests\n2024-05-01,core,prod,5\n")
    bench.put("b.csv", "date,team,environment,requests\n2024-05-02,core,prod,6\n")
    bench.sync()
    bench.keep("b.csv", **traits)
    change = {"dimensions": ("team", "environment")}
    run = bench.sync(change=change)
    assert run.state == State.FAILED
    assert "usage/b.csv" in run.message
    run = bench.sync(change={"dimensions": ("team", "environment"), "keeps_unreadable": True})
    assert (run.state, run.files_ignored) == (State.SUCCEEDED, 1)
    assert bench.points() == [("2024-05-01", "core", "prod", "5"), ("2024-05-02", "core", "", "6")]


def test_a_prefix_of_nothing_but_archived_files_is_warned_of(two):
    for name in ("a.csv", "b.csv"):
        two.keep(name, storage_class="DEEP_ARCHIVE")
    [warning] = two.sync().warning_texts
    assert "None of the 2 objects" in warning
    assert "not archived" in warning


def test_restores_are_asked_for_once_there_is_an_archived_file(bench, monkeypatch):
    monkeypatch.setattr(storage, "KEYS_A_PAGE", 1)
    for number in range(4):
        bench.put(f"{number}.csv", HEADER + f"2024-05-0{number + 1},core,5\n")
    bench.sync()
    before = bench.standin.count("list")
    bench.keep("1.csv", storage_class="GLACIER")
    bench.sync()
    assert bench.standin.count("list") - before == 5


def test_test_endpoint_reads_a_file_that_is_not_archived(two):
    endpoint = two.telemetry.endpoint
    two.keep("b.csv", storage_class="GLACIER")
    read = {check.name: check for check in check_connection(endpoint).checks}[READ]
    assert (read.ok, "usage/a.csv could be read" in read.detail) == (True, True)
    two.keep("a.csv", storage_class="GLACIER")
    read = {check.name: check for check in check_connection(endpoint).checks}[READ]
    assert (read.ok, "every file is archived" in read.detail) == (True, True)
