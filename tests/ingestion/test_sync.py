"""What a sync makes of the files in the bucket: new, changed, late, overlapping, bad, gone."""

from __future__ import annotations

import gzip
from datetime import date
from decimal import Decimal

import pytest

from accounts.services import add_member
from ingestion.models import RejectedRow, Run, SourceFile
from ingestion.scope import EVERYTHING
from telemetry.models import DailyTotal, DataPoint
from telemetry.selectors import list_daily_totals, list_points

HEADER = "date,team,requests\n"
State = Run.State
MAY = date(2024, 5, 1)


def test_a_new_file_is_read(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n2024-05-01,web,7.25\n")
    run = bench.sync()
    assert run.state == State.SUCCEEDED
    assert (run.files_read, run.rows_read, run.points_written) == (1, 2, 2)
    assert bench.points() == [("2024-05-01", "core", "5"), ("2024-05-01", "web", "7.25")]


def test_the_shortest_forms_of_floats_are_stored_to_their_last_digit(bench):
    """As OpenCost and pandas write them: up to 30 places, with and without an exponent."""
    bench.put(
        "a.csv",
        HEADER + "2024-05-01,core,0.0007212169050876665\n2024-05-01,core,1.5007635628272106E-4\n"
        "2024-05-01,web,12345678.9\n2024-05-02,web,1.0000000000000002e-13\n",
    )
    run = bench.sync()
    assert (run.state, run.rows_rejected) == (State.SUCCEEDED, 0)
    assert bench.points() == [
        ("2024-05-01", "core", "0.00087129326137038756"),
        ("2024-05-01", "web", "12345678.9"),
        ("2024-05-02", "web", "0.00000000000010000000000000002"),
    ]
    totals = list_daily_totals(telemetry=bench.telemetry, date_from=MAY, date_to=MAY)
    assert [total.value for total in totals] == [Decimal("12345678.90087129326137038756")]


def test_an_unchanged_file_is_not_read_again(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n")
    bench.sync()
    run = bench.sync()
    assert (run.files_read, run.files_unchanged, run.rows_read) == (0, 1, 0)
    assert bench.points() == [("2024-05-01", "core", "5")]


def test_an_overwritten_file_replaces_what_it_held_before(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n2024-05-02,core,6\n")
    bench.sync()
    bench.put("a.csv", HEADER + "2024-05-02,core,9\n", minutes=5)
    bench.sync()
    assert bench.points() == [("2024-05-02", "core", "9")]
    assert bench.telemetry.source_files.get(state="stored").rows_read == 1


def test_a_file_overwritten_within_the_same_second_is_noticed(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n")
    bench.sync()
    bench.put("a.csv", HEADER + "2024-05-01,core,6\n")
    bench.sync()
    assert bench.points() == [("2024-05-01", "core", "6")]


def test_a_file_that_is_gone_from_the_bucket_goes_on_counting(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n")
    bench.sync()
    bench.delete("a.csv")
    run = bench.sync()
    assert run.state == State.SUCCEEDED
    assert bench.points() == [("2024-05-01", "core", "5")]


def test_the_file_modified_last_wins(bench):
    bench.put("b.csv", HEADER + "2024-05-01,core,5\n2024-05-01,web,1\n", minutes=1)
    bench.put("a.csv", HEADER + "2024-05-01,core,8\n", minutes=2)
    bench.sync()
    assert bench.points() == [("2024-05-01", "core", "8"), ("2024-05-01", "web", "1")]


def test_of_files_modified_at_the_same_time_the_last_key_wins(bench):
    bench.put("b.csv", HEADER + "2024-05-01,core,5\n")
    bench.put("a.csv", HEADER + "2024-05-01,core,8\n")
    bench.sync()
    assert bench.points() == [("2024-05-01", "core", "5")]


def test_a_late_file_with_an_older_time_does_not_win(bench):
    bench.put("b.csv", HEADER + "2024-05-01,core,5\n", minutes=10)
    bench.sync()
    bench.put("c.csv", HEADER + "2024-05-01,core,8\n2024-05-01,web,2\n", minutes=3)
    bench.sync()
    assert bench.points() == [("2024-05-01", "core", "5"), ("2024-05-01", "web", "2")]


def test_the_same_content_uploaded_again_takes_its_new_place_in_time(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n", minutes=1)
    bench.put("b.csv", HEADER + "2024-05-01,core,8\n", minutes=2)
    bench.sync()
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n", minutes=3)
    run = bench.sync()
    assert run.files_read == 0
    assert bench.points() == [("2024-05-01", "core", "5")]
    assert DailyTotal.objects.get(dimension=0).value == 5


def test_values_of_different_files_add_up_where_the_telemetry_says_so(make_bench):
    bench = make_bench(overlap="add")
    bench.put("a.csv", HEADER + "2024-05-01,core,5.5\n")
    bench.put("b.csv", HEADER + "2024-05-01,core,8\n")
    bench.sync()
    assert bench.points() == [("2024-05-01", "core", "13.5")]


def test_rows_of_one_date_and_one_combination_add_up_over_deselected_columns(make_bench):
    bench = make_bench(dimensions=[])
    bench.put("a.csv", HEADER + "2024-05-01,core,0.1\n2024-05-01,web,0.2\n")
    run = bench.sync()
    assert bench.points() == [("2024-05-01", "0.3")]
    assert not any("earlier row" in text for text in run.warning_texts)


def test_rows_that_repeat_all_but_the_metric_add_up_and_are_warned_of(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,1\n2024-05-01,core,2\n")
    run = bench.sync()
    assert bench.points() == [("2024-05-01", "core", "3")]
    assert "in everything but the metric: 1; their values were added up" in run.warning_texts[0]


def test_parts_of_one_export_that_disagree_are_warned_of(bench):
    bench.put("part-1.csv", HEADER + "2024-05-01,core,5\n", minutes=1)
    bench.put("part-2.csv", HEADER + "2024-05-01,core,8\n", minutes=2)
    assert "choose the overlap rule that adds values up" in bench.sync().warning_texts[0]


def test_parts_are_compared_with_those_that_follow_them_in_time(bench):
    bench.put("z.csv", HEADER + "2024-05-01,core,5\n", minutes=1)
    bench.put("b.csv", HEADER + "2024-05-01,core,5\n2024-05-01,web,2\n", minutes=31)
    bench.put("a.csv", HEADER + "2024-05-01,core,8\n", minutes=55)
    bench.put("old.csv", HEADER + "2024-05-01,web,9\n", minutes=-600)
    [warning] = bench.sync().warning_texts
    assert "usage/b.csv and usage/a.csv" in warning
    assert "1 May 2024" in warning


@pytest.mark.parametrize(
    ("second", "minutes"),
    [("2024-05-01,core,5\n", 2), ("2024-05-01,core,8\n", 70), ("2024-05-01,web,8\n", 2)],
)
def test_no_warning_where_files_agree_or_are_hours_apart_or_hold_other_points(bench, second, minutes):
    bench.put("part-1.csv", HEADER + "2024-05-01,core,5\n", minutes=1)
    bench.put("part-2.csv", HEADER + second, minutes=minutes)
    assert bench.sync().warning_texts == []


def test_a_failed_version_leaves_the_stored_one_untouched_and_is_read_again(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n")
    bench.put("b.csv", HEADER + "2024-05-02,core,5\n")
    bench.sync()
    bench.put("a.csv", "date,te am,requests\n2024-05-01,core,6\n", minutes=3)
    run = bench.sync()
    assert (run.state, run.files_failed, run.files_unchanged) == (State.INCOMPLETE, 1, 1)
    assert '"te am"' in run.files.get().message
    assert bench.points()[0] == ("2024-05-01", "core", "5")
    assert bench.sync().files_failed == 1, "a failure does not go quiet"
    bench.put("a.csv", HEADER + "2024-05-01,core,7\n", minutes=4)
    assert bench.sync().state == State.SUCCEEDED
    assert bench.points()[0] == ("2024-05-01", "core", "7")
    assert not bench.telemetry.source_files.filter(state="failed").exists()


def test_a_bad_version_that_is_taken_back_is_forgotten(bench):
    good = HEADER + "2024-05-01,core,5\n"
    bench.put("a.csv", good)
    bench.sync()
    bench.put("a.csv", "nonsense\n", minutes=1)
    bench.sync()
    bench.put("a.csv", good, minutes=2)
    assert bench.sync().state == State.SUCCEEDED
    assert not bench.telemetry.source_files.filter(state="failed").exists()


def test_a_run_whose_only_file_fails_has_failed(bench):
    bench.put("a.csv", "nonsense\n")
    assert bench.sync().state == State.FAILED


def test_rejected_rows_are_kept_with_their_mapped_cells_and_the_counts_add_up(bench):
    text = "date,team,secret,requests\n2024-05-01,core,s3cr3t,1\n2024-05-01,core,s3cr3t,-1\n2024-05-01,x\n"
    bench.put("a.csv", text)
    run = bench.sync()
    assert run.state == State.SUCCEEDED_WITH_REJECTS
    assert (run.rows_read, run.rows_used, run.rows_rejected) == (3, 1, 2)
    negative, ragged = RejectedRow.objects.order_by("row_number")
    assert (negative.row_number, negative.reason) == (3, "the metric is negative")
    assert negative.cells == {"date": "2024-05-01", "team": "core", "requests": "-1"}
    assert (ragged.row_number, ragged.cells) == (4, {})
    assert run.files.get().extra_columns == ["secret"]


def test_ignored_objects_are_listed_with_the_reason(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n")
    for name in ("", "_SUCCESS", ".hidden.csv", "notes.txt"):
        bench.put(name, "x")
    bench.put("empty.csv", "")
    run = bench.sync()
    assert (run.files_read, run.files_ignored) == (1, 5)
    ignored = dict(SourceFile.objects.filter(state="ignored").values_list("key", "message"))
    assert ignored["usage/empty.csv"] == "it is empty (0 bytes)"
    assert ignored["usage/"] == "a folder marker, not a file"
    assert bench.sync().files_ignored == 5
    assert SourceFile.objects.filter(state="ignored").count() == 5


def test_a_prefix_is_matched_as_a_string(make_bench, standin):
    bench = make_bench(prefix="us")
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n")
    assert bench.sync().files_read == 1


def test_nothing_under_the_prefix_is_said(bench):
    run = bench.sync()
    assert run.state == State.SUCCEEDED
    assert run.warning_texts == [
        "There is nothing under s3://acme-exports/usage/. Check the prefix, or that the export has run."
    ]


def test_no_csv_under_the_prefix_is_said(bench):
    bench.put("a.parquet", "PAR1")
    assert (
        "None of the 1 objects under s3://acme-exports/usage/ is a CSV file" in bench.sync().warning_texts[0]
    )


def test_gzip_and_any_order_of_columns(bench):
    bench.put("a.csv.gz", gzip.compress(b"requests;team;date\n5;core;2024-05-01\n"))
    bench.sync()
    assert bench.points() == [("2024-05-01", "core", "5")]


def test_daily_totals_follow_the_points(make_bench):
    bench = make_bench(metric_column="requests", dimensions=["team", "env"])
    header = "date,team,env,requests\n"
    bench.put("a.csv", header + "2024-05-01,core,prod,1\n2024-05-01,web,prod,2\n2024-05-02,core,dev,4\n")
    bench.sync()
    totals = list(DailyTotal.objects.order_by("dimension", "date", "dimension_value"))
    assert [(t.dimension, t.date.day, t.dimension_value, t.value) for t in totals] == [
        (0, 1, "", 3),
        (0, 2, "", 4),
        (1, 1, "core", 1),
        (1, 1, "web", 2),
        (1, 2, "core", 4),
        (2, 1, "prod", 3),
        (2, 2, "dev", 4),
    ]
    bench.put("a.csv", header + "2024-05-02,core,dev,5\n", minutes=1)
    bench.sync()
    assert [t.date.day for t in DailyTotal.objects.filter(dimension=0)] == [2]


def test_a_dimension_of_very_many_values_has_its_totals_added_up_from_the_points(bench, settings):
    settings.DAILY_TOTALS_MAX_VALUES = 2
    bench.put("a.csv", HEADER + "".join(f"2024-05-01,team{n},{n}\n" for n in range(4)))
    bench.sync()
    assert not DailyTotal.objects.filter(dimension=1).exists()
    first, last = bench.telemetry.source_files.get().days.get().date, None
    totals = list_daily_totals(telemetry=bench.telemetry, date_from=first, date_to=last or first, dimension=1)
    assert [(t.dimension_value, t.value) for t in totals][:2] == [("team3", 3), ("team2", 2)]


def test_values_are_exact_to_the_last_digit(bench):
    big, small = "99999999999999999999.999999999999999999", "0.000000000000000001"
    bench.put("a.csv", HEADER + f"2024-05-01,core,{big}\n2024-05-01,web,{small}\n")
    bench.sync()
    points = list(list_points(telemetry=bench.telemetry))
    assert [point.value for point in points] == [Decimal(big), Decimal(small)]
    assert DailyTotal.objects.get(dimension=0).value == Decimal("100000000000000000000")


def test_strange_dimension_values_come_back_verbatim(bench):
    values = [
        "007",
        "1e5",
        "NULL",
        "NaN",
        "",
        " leading",
        "a,b",
        'say ""hi""',
        "line\nbreak",
        "\u202eé💶",
        "x" * 5000,
    ]
    bench.put("a.csv", HEADER + "".join(f'2024-05-01,"{value}",1\n' for value in values))
    bench.sync()
    kept = {row[1] for row in bench.points()}
    assert kept == {value.replace('""', '"') for value in values}


def test_an_object_overwritten_while_it_is_read_is_read_again_from_its_start(bench, standin):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n")
    standin.after("list", lambda: bench.put("a.csv", HEADER + "2024-05-01,core,6\n", minutes=1))
    run = bench.sync()
    assert run.state == State.SUCCEEDED
    assert bench.points() == [("2024-05-01", "core", "6")]
    assert bench.sync().files_unchanged == 1


def test_an_object_deleted_before_it_is_read_is_a_failed_file_of_this_run_only(bench, standin):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n")
    standin.after("list", lambda: bench.delete("a.csv"))
    run = bench.sync()
    assert run.files_failed == 1
    assert run.files.get().message.startswith("The object was deleted before it could be read.")
    assert bench.sync().state == State.SUCCEEDED


def test_reimport_reads_every_file_again_and_changes_nothing(bench):
    bench.put("a.csv", HEADER + "2024-05-01,core,5\n")
    bench.sync()
    before = bench.points()
    assert bench.sync(scope=EVERYTHING).files_read == 1
    assert bench.points() == before
    assert DataPoint.objects.count() == 1


def test_points_that_come_in_parts_add_up(bench, monkeypatch):
    monkeypatch.setattr("telemetry.dataset.get_limits", _small_limits)
    rows = [f"2024-05-0{1 + n % 3},team{n % 4},{n}.5\n" for n in range(400)]
    bench.put("a.csv", HEADER + "".join(rows))
    run = bench.sync()
    assert DataPoint.objects.count() > 12
    assert (run.rows_read, run.points_written) == (400, 12)
    assert sum(Decimal(row[2]) for row in bench.points()) == sum(Decimal(f"{n}.5") for n in range(400))


def _small_limits():
    from csvfiles.limits import Limits

    return Limits(block_bytes=512, row_bytes=256, batch_points=50)


def test_the_telemetrys_page_and_download_show_the_rejected_rows_of_the_stored_files(bench, client):
    bench.put("a.csv", HEADER + "2024-05-01,core,1\n2024-05-01,=core,-1\n")
    bench.sync()
    account = bench.telemetry.account
    client.force_login(add_member(account=account, email="a@b.example", role="viewer", password=None)[0].user)
    address = f"/settings/telemetry/{bench.telemetry.public_id}/"
    page = client.get(address).content.decode()
    assert "1 row of the stored files could not be used" in page
    assert "the metric is negative" in page
    download = b"".join(client.get(address + "rejected-rows.csv").streaming_content).decode()
    assert download.splitlines()[1] == (
        '"usage/a.csv","read","3","the metric is negative","2024-05-01","\'=core","\'-1"'
    )
    bench.put("a.csv", HEADER + "2024-05-01,core,1\n", minutes=1)
    bench.sync()
    assert "No row of the stored files was rejected" in client.get(address).content.decode()
