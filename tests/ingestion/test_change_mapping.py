"""Other dimensions or another overlap rule: shown first, then all at once, as a fresh import would be."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from ingestion import finish_staged
from ingestion.models import FileDay, RejectedRow, Run, SourceFile
from telemetry.models import DailyTotal, DataPoint, Series, Telemetry
from telemetry.selectors import list_dimensions
from telemetry.services import update_telemetry

HEADER = "date,team,env,requests\n"
DAY_ONE = "2024-05-01,core,prod,5\n2024-05-01,core,dev,1\n2024-05-01,web,prod,2\n"
State = Run.State


@pytest.fixture
def bench(make_bench):
    bench = make_bench(dimensions=["team"])
    bench.put("a.csv", HEADER + DAY_ONE)
    bench.put("b.csv", HEADER + "2024-05-02,core,prod,7\n")
    bench.sync()
    return bench


def preview(bench, **fields):
    return bench.sync(change=dict(**fields), is_preview=True)


def apply(bench, **fields):
    run = bench.sync(change=dict(**fields))
    bench.telemetry.refresh_from_db()
    return run


def totals(bench):
    rows = DailyTotal.objects.filter(telemetry=bench.telemetry)
    return sorted((t.dimension, t.date.day, t.dimension_value, t.value) for t in rows)


def everything(bench):
    """All that the database holds of the telemetry's data, but for the record of runs."""
    # What only a preview has read stays as a version that never counted.
    never_counted = {"state": "superseded", "imported_at": None}
    files = SourceFile.objects.filter(source=bench.telemetry).exclude(**never_counted)
    return {
        "files": sorted(files.values_list("pk", "key", "etag", "state", "last_modified", "message")),
        "points": sorted(DataPoint.objects.filter(source_file__in=files).values_list()),
        "days": sorted(FileDay.objects.values_list()),
        "series": sorted(Series.objects.values_list("pk", "dimensions")),
        "totals": totals(bench),
        "dimensions": list_dimensions(telemetry=bench.telemetry),
        "telemetry": Telemetry.objects.filter(pk=bench.telemetry.pk).values().get(),
    }


def test_a_dimension_is_added_by_reading_the_files_again(bench):
    run = apply(bench, dimensions=("team", "env"))
    assert (run.state, run.files_read) == (State.SUCCEEDED, 2)
    assert list_dimensions(telemetry=bench.telemetry) == ["team", "env"]
    assert bench.points() == [
        ("2024-05-01", "core", "dev", "1"),
        ("2024-05-01", "core", "prod", "5"),
        ("2024-05-01", "web", "prod", "2"),
        ("2024-05-02", "core", "prod", "7"),
    ]
    assert (2, 1, "prod", 7) in totals(bench)
    assert bench.sync().files_unchanged == 2


def test_a_dimension_is_dropped_and_its_values_leave_the_database(make_bench):
    bench = make_bench(dimensions=["team", "env"])
    bench.put("a.csv", HEADER + DAY_ONE + "2024-05-01,core,secret,-1\n")
    bench.sync()
    apply(bench, dimensions=("team",))
    assert bench.points() == [("2024-05-01", "core", "6"), ("2024-05-01", "web", "2")]
    assert sorted(series.dimensions for series in Series.objects.all()) == [["core"], ["web"]]
    assert all(set(row.cells) == {"date", "team", "requests"} for row in RejectedRow.objects.all())
    assert RejectedRow.objects.count() == 2, "of the first run and of this one"
    assert not DailyTotal.objects.filter(dimension=2).exists()


def test_another_dimension_with_the_same_values_is_another_thing(make_bench):
    """The combination ("x",) of team and that of env are one row of Series; the points are not the same."""
    bench = make_bench(dimensions=["team"])
    bench.put("a.csv", HEADER + "2024-05-01,x,y,1\n2024-05-01,y,x,2\n")
    bench.sync()
    assert bench.points() == [("2024-05-01", "x", "1"), ("2024-05-01", "y", "2")]
    apply(bench, dimensions=("env",))
    assert bench.points() == [("2024-05-01", "x", "2"), ("2024-05-01", "y", "1")]
    assert Series.objects.count() == 2


def test_all_dimensions_can_go_and_the_order_can_change(make_bench):
    bench = make_bench(dimensions=["team", "env"])
    bench.put("a.csv", HEADER + DAY_ONE)
    bench.sync()
    apply(bench, dimensions=("env", "team"))
    assert bench.points()[0] == ("2024-05-01", "dev", "core", "1")
    apply(bench, dimensions=())
    assert bench.points() == [("2024-05-01", "8")]


def test_another_overlap_rule_reads_no_file(bench, standin):
    bench.put("c.csv", HEADER + "2024-05-01,core,prod,10\n", minutes=5)
    bench.sync()
    assert ("2024-05-01", "core", "10") in bench.points()
    asked = len(standin.app.seen)
    run = apply(bench, overlap="add")
    assert (run.files_planned, run.state) == (0, State.SUCCEEDED)
    assert len(standin.app.seen) == asked
    assert ("2024-05-01", "core", "16") in bench.points()
    assert (0, 1, "", 18) in totals(bench)
    apply(bench, overlap="newest")
    assert ("2024-05-01", "core", "10") in bench.points()


def test_dimensions_and_overlap_rule_change_together(bench):
    bench.put("c.csv", HEADER + "2024-05-01,core,prod,10\n", minutes=5)
    bench.sync()
    apply(bench, dimensions=("env",), overlap="add")
    assert bench.points()[:2] == [("2024-05-01", "dev", "1"), ("2024-05-01", "prod", "17")]


def test_the_preview_shows_what_would_change_and_leaves_nothing_behind(bench):
    bench.put("c.csv", HEADER + "2024-05-01,core,prod,10\n", minutes=5)
    bench.sync()
    before = everything(bench)
    run = preview(bench, dimensions=("env",), overlap="add")
    assert run.state == State.SUCCEEDED
    found = run.changes
    assert (found["days_compared"], found["days_changed"], found["days_added"], found["days_gone"]) == (
        2,
        1,
        0,
        0,
    )
    assert (found["total_before"], found["total_after"]) == ("19", "25")
    assert (found["points_before"], found["points_after"]) == (3, 3)
    assert found["dimensions"] == []
    assert found["days"] == [
        {
            "date": "2024-05-01",
            "before": "12",
            "after": "18",
            "values_added": 0,
            "values_changed": 1,
            "values_gone": 0,
        }
    ]
    assert everything(bench) == before


def test_values_are_compared_by_the_dimensions_that_stay(bench):
    found = preview(bench, dimensions=("team", "env")).changes
    assert found["dimensions"] == ["team"]
    assert (found["values_added"], found["values_changed"], found["values_gone"]) == (0, 0, 0)
    assert (found["points_before"], found["points_after"]) == (3, 4)


def test_the_rejected_rows_of_a_preview_are_counted_and_none_of_their_cells_kept(bench):
    bench.put("a.csv", HEADER + DAY_ONE + "2024-05-01,core,secret,-1\n", minutes=1)
    run = preview(bench, dimensions=("env",))
    assert run.rows_rejected == 1
    assert run.files.exclude(reject_reasons={}).get().reject_reasons == {"the metric is negative": 1}
    assert not RejectedRow.objects.exists()


def test_a_file_that_is_gone_takes_part_when_a_dimension_is_dropped(make_bench):
    bench = make_bench(dimensions=["team", "env"])
    bench.put("a.csv", HEADER + DAY_ONE)
    bench.put("b.csv", HEADER + "2024-05-02,core,prod,7\n")
    bench.sync()
    bench.delete("a.csv")
    run = preview(bench, dimensions=("env",))
    assert run.changes["unreadable"] == {"files": 1, "days": 1, "keys": ["usage/a.csv"]}
    assert not run.changes["needs_consent"]
    assert apply(bench, dimensions=("env",)).state == State.SUCCEEDED
    assert bench.points() == [
        ("2024-05-01", "dev", "1"),
        ("2024-05-01", "prod", "7"),
        ("2024-05-02", "prod", "7"),
    ]


def test_a_file_that_is_gone_stops_a_new_dimension_unless_that_is_agreed_to(bench):
    bench.delete("a.csv")
    before = everything(bench)
    run = preview(bench, dimensions=("team", "env"))
    assert run.changes["needs_consent"]
    assert run.changes["unreadable"] == {"files": 1, "days": 1, "keys": ["usage/a.csv"]}
    run = apply(bench, dimensions=("team", "env"))
    assert run.state == State.FAILED
    assert run.failure == "unreadable"
    assert (
        "Nothing was changed. Stored files that cannot be read again by the new dimensions: 1 with 1 days"
        in run.message
    )
    after = everything(bench)
    assert {**after, "telemetry": None} == {**before, "telemetry": None}
    run = apply(bench, dimensions=("team", "env"), keeps_unreadable=True)
    assert run.state == State.SUCCEEDED
    assert bench.points() == [
        ("2024-05-01", "core", "", "6"),
        ("2024-05-01", "web", "", "2"),
        ("2024-05-02", "core", "prod", "7"),
    ]


def test_a_file_that_was_carried_over_is_read_once_it_is_back(bench):
    bench.delete("a.csv")
    apply(bench, dimensions=("team", "env"), keeps_unreadable=True)
    bench.put("a.csv", HEADER + DAY_ONE)
    assert bench.sync().files_read == 1
    assert ("2024-05-01", "core", "dev", "1") in bench.points()
    assert bench.sync().files_unchanged == 2


def test_a_file_without_the_new_column_is_like_one_that_is_gone(bench):
    bench.put("b.csv", "date,team,requests\n2024-05-02,core,8\n", minutes=5)
    bench.sync()
    run = apply(bench, dimensions=("team", "env"))
    assert (run.state, bench.points()[-1]) == (State.FAILED, ("2024-05-02", "core", "8"))
    run = apply(bench, dimensions=("team", "env"), keeps_unreadable=True)
    assert (run.state, run.files_failed) == (State.INCOMPLETE, 1)
    assert bench.points()[-1] == ("2024-05-02", "core", "", "8")
    assert bench.sync().files_failed == 1, "what cannot be read is said by every sync"
    assert SourceFile.objects.get(state="failed").key == "usage/b.csv"


def test_a_change_that_did_not_come_about_keeps_no_cell_of_its_columns(bench):
    bench.put("a.csv", HEADER + DAY_ONE + "2024-05-01,core,secret,-1\n", minutes=1)
    bench.sync()
    bench.delete("b.csv")
    assert apply(bench, dimensions=("team", "env")).state == State.FAILED
    assert all("env" not in row.cells for row in RejectedRow.objects.all())
    assert not Series.objects.filter(dimensions=["core", "prod"]).exists()


def test_a_later_version_that_is_bad_stays_so_and_the_stored_one_is_carried_over(make_bench):
    bench = make_bench(dimensions=["team", "env"])
    bench.put("a.csv", HEADER + DAY_ONE)
    bench.sync()
    bench.put("a.csv", "nonsense\n", minutes=3)
    bench.sync()
    assert apply(bench, dimensions=("team",)).state == State.INCOMPLETE
    assert bench.points() == [("2024-05-01", "core", "6"), ("2024-05-01", "web", "2")]
    assert SourceFile.objects.filter(state="failed").count() == 1


def test_what_the_bucket_shows_new_comes_in_with_the_change(bench):
    bench.put("b.csv", HEADER + "2024-05-02,core,prod,8\n", minutes=3)
    bench.put("d.csv", HEADER + "2024-05-03,core,prod,1\n")
    run = apply(bench, dimensions=("env",))
    assert run.files_read == 3
    assert bench.points()[-2:] == [("2024-05-02", "prod", "8"), ("2024-05-03", "prod", "1")]


def test_it_says_so_where_the_bucket_is_not_as_it_was_previewed(bench):
    seen = preview(bench, dimensions=("env",))
    run = bench.sync(change={"dimensions": ("env",)}, preview=seen)
    assert not any("Since the preview" in text for text in run.warning_texts)
    seen = preview(bench, dimensions=("team",))
    bench.put("b.csv", HEADER + "2024-05-02,core,prod,8\n", minutes=3)
    run = bench.sync(change={"dimensions": ("team",)}, preview=seen)
    assert run.warning_texts[0].startswith("Since the preview, files were added, changed or deleted: 1.")


def test_another_overlap_rule_says_so_too(bench):
    seen = preview(bench, overlap="add")
    bench.put("b.csv", HEADER + "2024-05-02,core,prod,8\n", minutes=3)
    bench.sync()
    run = bench.sync(change={"overlap": "add"}, preview=seen)
    assert run.warning_texts[0].startswith("Since the preview, files were added, changed or deleted: 1.")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"dimensions": ("team",)}, "are these already"),
        ({"overlap": "newest"}, "are these already"),
        ({"dimensions": ("team", "requests")}, "requests is selected twice"),
        ({"dimensions": ("two words",)}, "must not contain spaces"),
        ({"dimensions": tuple("abcdefghijk")}, "at most 10"),
    ],
)
def test_a_change_that_cannot_be_or_is_none_is_refused(bench, fields, says):
    with pytest.raises(ValidationError, match=says):
        bench.sync(change=dict(**fields))
    assert Run.objects.count() == 1


def test_dimensions_do_not_change_any_more_without_it(bench):
    with pytest.raises(ValidationError):
        update_telemetry(
            telemetry=bench.telemetry, name="A", description="", max_rejected_percent=None, dimensions=["env"]
        )


def test_a_change_that_fails_in_its_last_transaction_changes_nothing_and_can_go_on(bench, monkeypatch):
    before = everything(bench)

    def fail(*_arguments):
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(finish_staged, "_forget_cells", fail)
        run = bench.sync(change={"dimensions": ("env",)})
    assert run.state == State.FAILED
    assert run.message.startswith("Nothing was changed. ")
    kept = everything(bench)
    assert (kept["totals"], kept["dimensions"]) == (before["totals"], before["dimensions"])
    assert bench.points() == [
        ("2024-05-01", "core", "6"),
        ("2024-05-01", "web", "2"),
        ("2024-05-02", "core", "7"),
    ]
    assert bench.sync(change={"dimensions": ("env",)}).state == State.SUCCEEDED


def test_s3_failing_for_good_during_a_change_leaves_all_as_it_was(bench, standin):
    before = everything(bench)
    standin.fail("get", "deny", name="b.csv")
    standin.fail("list", "server_error")
    run = apply(bench, dimensions=("env",))
    assert run.state == State.FAILED
    assert {**everything(bench), "telemetry": None} == {**before, "telemetry": None}
