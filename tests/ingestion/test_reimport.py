"""Reading stored files again: which, with what result, and shown before it is done."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from ingestion import publish
from ingestion.leases import claim_run
from ingestion.models import FileDay, RejectedRow, Run, SourceFile
from ingestion.scope import EVERYTHING, REJECTED, read_named, read_since
from ingestion.services import create_run, recover_lost_runs
from ingestion.work import _open, _read_files, plan_run
from telemetry.models import DailyTotal, DataPoint, Series, Telemetry
from telemetry.selectors import list_dimensions

HEADER = "date,team,requests\n"


@pytest.fixture
def bench(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n2024-05-02,core,6\n")
    bench.put("b.csv", HEADER + "2024-05-03,core,7\n2024-05-03,core,-7\n")
    bench.sync()
    return bench


def keys_read(run: Run) -> list[str]:
    return [file.key.removeprefix("usage/") for file in run.files.order_by("key")]


def everything(bench):
    # What only a preview has read stays as a version that never counted.
    never_counted = {"state": "superseded", "imported_at": None}
    files = SourceFile.objects.filter(source=bench.telemetry).exclude(**never_counted)
    return {
        "files": sorted(files.values_list("pk", "key", "etag", "state", "last_modified")),
        "points": sorted(DataPoint.objects.values_list()),
        "days": sorted(FileDay.objects.values_list()),
        "series": sorted(Series.objects.values_list("pk", "dimensions")),
        "totals": sorted(DailyTotal.objects.values_list()),
        "rejects": sorted(RejectedRow.objects.values_list("pk", flat=True)),
        "telemetry": Telemetry.objects.values().get(),
    }


def test_from_a_date_only_files_that_hold_it_or_later_ones_are_read(bench):
    assert keys_read(bench.sync(scope=read_since(date(2024, 5, 3)))) == ["b.csv"]
    assert keys_read(bench.sync(scope=read_since(date(2024, 5, 2)))) == ["a.csv", "b.csv"]
    assert keys_read(bench.sync(scope=read_since(date(2024, 5, 4)))) == []


def test_whatever_the_scope_what_is_new_or_changed_comes_in_too(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,50\n", minutes=1)
    bench.put("old.csv", HEADER + "2020-01-01,core,1\n")
    assert keys_read(bench.sync(scope=read_since(date(2024, 5, 3)))) == ["a.csv", "b.csv", "old.csv"]
    assert bench.points()[:2] == [("2020-01-01", "core", "1"), ("2024-05-01", "core", "50")]


def test_files_with_rejected_rows_are_replayed(bench):
    assert keys_read(bench.sync(scope=REJECTED)) == ["b.csv"]
    bench.put("b.csv", HEADER + "2024-05-03,core,7\n", minutes=1)
    bench.sync()
    assert keys_read(bench.sync(scope=REJECTED)) == []


def test_named_files_are_read_again(bench):
    assert keys_read(bench.sync(scope=read_named(["usage/a.csv", "usage/none.csv"]))) == ["a.csv"]


def test_a_replay_stores_what_newer_rules_accept(bench, monkeypatch):
    """As if an older version of the software had rejected more than this one does."""
    bench.put("c.csv", HEADER + "2024-05-04,core,1e2\n", minutes=1)
    from csvfiles import judge
    from csvfiles.numbers import NotAMetric

    def refuse(cell):
        raise NotAMetric("scientific notation is not a number")

    with monkeypatch.context() as older:
        older.setattr(judge, "parse_metric", refuse)
        older.setattr("csvfiles.rules.parse_metric", refuse)
        bench.sync()
    assert not [row for row in bench.points() if row[0] == "2024-05-04"]
    bench.sync(scope=REJECTED)
    assert ("2024-05-04", "core", "100") in bench.points()


def test_readers_see_each_files_old_or_new_version_and_no_gap(bench, monkeypatch):
    """Looked at before and after each time that files begin to count: always all values."""
    seen = []
    complete = publish.complete_loads

    def watched(**arguments):
        seen.append(bench.points())
        complete(**arguments)
        seen.append(bench.points())

    monkeypatch.setattr(publish, "complete_loads", watched)
    before = bench.points()
    bench.sync(scope=EVERYTHING)
    assert len(seen) >= 2
    assert all(points == before for points in seen)


def test_a_preview_shows_days_and_values_added_changed_and_gone(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n2024-05-01,web,1.5\n", minutes=1)
    bench.put("b.csv", HEADER + "2024-05-03,core,70\n", minutes=1)
    bench.put("c.csv", HEADER + "2024-05-04,core,1\n2024-05-04,web,2\n", minutes=1)
    before = everything(bench)
    run = bench.sync(is_preview=True)
    assert run.points_written == 0
    found = run.changes
    assert {
        name: found[name] for name in found if name.startswith(("days_", "values_", "total", "points"))
    } == {
        "days_compared": 4,
        "days_added": 1,
        "days_changed": 2,
        "days_gone": 1,
        "values_added": 3,
        "values_changed": 1,
        "values_gone": 1,
        "points_before": 3,
        "points_after": 5,
        "total_before": "18",
        "total_after": "79.5",
    }
    assert [(day["date"], day["before"], day["after"]) for day in found["days"]] == [
        ("2024-05-03", "7", "70"),
        ("2024-05-02", "6", None),
        ("2024-05-04", None, "3"),
        ("2024-05-01", "5", "6.5"),
    ]
    assert everything(bench) == before
    bench.sync()
    assert sum(float(row[-1]) for row in bench.points()) == 79.5


def test_a_preview_of_nothing_new_compares_nothing(bench):
    found = bench.sync(is_preview=True).changes
    assert (found["days_compared"], found["days"]) == (0, [])


def test_a_preview_leaves_failed_ignored_and_touched_files_as_they_were(bench):
    bench.put("a.csv", "nonsense\n", minutes=1)
    bench.put("b.csv", HEADER + "2024-05-03,core,7\n2024-05-03,core,-7\n", minutes=7)
    bench.put("notes.txt", "x")
    before = everything(bench)
    run = bench.sync(is_preview=True)
    assert (run.files_failed, run.files_ignored, run.files_read) == (1, 1, 1)
    assert everything(bench) == before


def test_a_preview_sees_what_a_touched_file_moves(bench):
    bench.put("c.csv", HEADER + "2024-05-03,core,1\n", minutes=5)
    bench.sync()
    bench.put("b.csv", HEADER + "2024-05-03,core,7\n2024-05-03,core,-7\n", minutes=9)
    found = bench.sync(is_preview=True).changes
    assert [(day["date"], day["before"], day["after"]) for day in found["days"]] == [("2024-05-03", "1", "7")]


def test_a_preview_that_was_lost_is_cleared_away_by_the_next_run(bench):
    bench.put("a.csv", HEADER + "2024-05-01,new,9\n", minutes=1)
    run, _ = create_run(source=bench.telemetry, trigger="manual", now=bench.now, is_preview=True)
    lease = claim_run(run_id=run.pk, clock=lambda: bench.now)
    plan_run(lease=lease, bucket=_open(lease))
    _read_files(lease, _open(lease))
    assert SourceFile.objects.filter(state="staged").exists()
    assert ("2024-05-01", "new", "9") not in bench.points()
    Run.objects.filter(pk=run.pk).update(attempts=99, lease_owner=uuid4())  # who has read no file
    recover_lost_runs(now=bench.now + timedelta(hours=1))
    run.refresh_from_db()
    assert run.state == "failed"
    assert not SourceFile.objects.filter(state="staged").exists()
    assert not Series.objects.filter(dimensions=["new"]).exists()
    assert Telemetry.objects.get().last_sync_state == "succeeded_with_rejects"


# The commands.


def command(*arguments: str) -> tuple[dict, int]:
    out, code = io.StringIO(), 0
    try:
        call_command(*arguments, "--account", "acme", "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as stopped:
        code = stopped.code
    return json.loads(out.getvalue()), code


def sync(*options: str) -> dict:
    found, code = command("sync_telemetry", "requests", *options)
    assert code == 0
    return found["runs"][0]


def test_the_command_imports_again_whole_or_from_a_date(bench):
    assert [file["key"] for file in sync("--reimport")["files"]] == ["usage/a.csv", "usage/b.csv"]
    assert [file["key"] for file in sync("--reimport", "--from", "2024-05-03")["files"]] == ["usage/b.csv"]
    assert [file["key"] for file in sync("--replay")["files"]] == ["usage/b.csv"]
    assert [file["key"] for file in sync("--key", "usage/a.csv")["files"]] == ["usage/a.csv"]
    assert sync()["files"] == []


def test_the_command_shows_what_would_change_and_changes_nothing(bench):
    bench.put("b.csv", HEADER + "2024-05-03,core,8\n", minutes=1)
    before = everything(bench)
    found = sync("--reimport", "--dry-run")
    assert found["dry_run"] is True
    assert (found["changes"]["days_changed"], found["changes"]["values_changed"]) == (1, 1)
    assert (found["changes"]["total_before"], found["changes"]["total_after"]) == ("18", "19")
    assert everything(bench) == before
    assert "dry_run" not in sync()


def test_the_command_says_in_words_what_would_change(bench):
    bench.put("b.csv", HEADER + "2024-05-03,core,8\n", minutes=1)
    out = io.StringIO()
    call_command(
        "sync_telemetry", "requests", "--account", "acme", "--dry-run", stdout=out, stderr=io.StringIO()
    )
    lines = out.getvalue().splitlines()
    assert lines[1:4] == [
        "This was a dry run: nothing has changed.",
        "Days: 0 added, 1 changed, 0 gone.",
        "Values: 0 added, 1 changed, 0 gone.",
    ]
    assert lines[5] == "  2024-05-03: 7 before, 8 after (values: 0 added, 1 changed, 0 gone)"


def test_the_command_changes_dimensions_and_overlap_rule(make_bench):
    bench = make_bench(dimensions=["team"])
    bench.put("a.csv", "date,team,env,requests\n2024-05-01,core,prod,5\n")
    bench.sync()
    found, code = command("change_telemetry", "requests", "--dimension", "env", "--dry-run")
    assert (code, found["changes"]["points_after"]) == (0, 1)
    assert list_dimensions(telemetry=bench.telemetry) == ["team"]
    found, code = command("change_telemetry", "requests", "--dimension", "env", "--overlap", "add")
    assert (code, found["state"]) == (0, "succeeded")
    assert bench.points() == [("2024-05-01", "prod", "5")]
    bench.delete("a.csv")
    found, code = command("change_telemetry", "requests", "--dimension", "env", "--dimension", "team")
    assert (code, found["state"]) == (1, "failed")
    assert "agree" in found["message"]
    arguments = ("--dimension", "env", "--dimension", "team", "--keep-unreadable")
    assert command("change_telemetry", "requests", *arguments)[1] == 0
    bench.telemetry.refresh_from_db()
    assert bench.points() == [("2024-05-01", "prod", "", "5")]
    assert command("change_telemetry", "requests", "--no-dimensions")[1] == 0
    assert bench.points() == [("2024-05-01", "5")]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("sync_telemetry", "requests", "--from", "2024-05-01"), "add --reimport"),
        (("sync_telemetry", "requests", "--reimport", "--from", "May"), "--from: 'May' is not a date"),
        (("sync_telemetry", "requests", "--reimport", "--replay"), "not allowed with"),
        (("change_telemetry", "requests"), "Say what to change"),
        (("change_telemetry", "requests", "--overlap", "newest"), "are these already"),
        (("change_telemetry", "nope", "--overlap", "add"), "no telemetry 'nope'"),
    ],
)
def test_wrong_arguments_are_told(bench, arguments, says):
    with pytest.raises(CommandError, match=says):
        call_command(*arguments, "--account", "acme", stdout=io.StringIO())


def test_the_share_of_rejected_rows_is_set_when_a_telemetry_is_added(bench):
    arguments = ("--endpoint", "Exports", "--prefix", "x/", "--name", "X", "--date-column", "date")
    fields = ("--date-format", "yyyy-MM-dd", "--metric", "x", "--unchecked", "--max-rejected-share")
    command("add_telemetry", *arguments, *fields, "2.5")
    listed, _ = command("list_telemetries")
    assert [item["max_rejected_share"] for item in listed["telemetries"]] == [None, "2.5"]
    with pytest.raises(CommandError, match="'101' is not a share"):
        command("add_telemetry", *arguments, *fields, "101")
