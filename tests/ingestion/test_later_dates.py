"""Dates with the day first fail their file by name; dates after tomorrow count, and the run warns of them."""

from __future__ import annotations

from datetime import date

from ingestion.freshness import judge_freshness
from ingestion.management.running import describe_run
from ingestion.newest import get_newest_date

HEADER = "date,team,requests\n"


def test_the_run_warns_of_dates_after_tomorrow_by_count_date_and_file(bench):
    bench.put("a.csv", HEADER + "2024-04-30,core,5\n2024-05-03,core,1\n")
    bench.put("b.csv", HEADER + "2204-01-01,core,5\n2204-01-01,web,5\n2024-05-02,core,1\n")
    run = bench.sync()  # on 1 May
    [warning] = run.warning_texts
    assert warning.startswith("Dates after tomorrow: 2. The newest is 1 Jan 2204 in usage/b.csv.")
    assert "correct the files and sync again" in warning
    assert describe_run(run)["warnings"] == [{"kind": "dates_after_tomorrow", "text": warning}]
    assert (run.state, run.rows_rejected) == ("succeeded", 0)
    assert ("2204-01-01", "core", "5") in bench.points()
    bench.telemetry.refresh_from_db()
    assert get_newest_date(source=bench.telemetry, today=bench.now.date()) == date(2024, 5, 2)
    assert judge_freshness(source=bench.telemetry, now=bench.now).state == "up_to_date"


def test_tomorrow_is_nothing_to_warn_of(bench):
    bench.put("a.csv", HEADER + "2024-05-02,core,5\n")
    assert bench.sync().warning_texts == []


def test_a_preview_warns_too(bench):
    bench.put("a.csv", HEADER + "9999-12-31,core,5\n")
    assert "The newest is 31 Dec 9999 in usage/a.csv" in bench.sync(is_preview=True).warning_texts[0]


def test_after_the_correction_nothing_is_left_of_a_later_date(bench):
    bench.put("a.csv", HEADER + "2024-04-30,core,5\n9999-12-31,core,1\n")
    bench.sync()
    bench.put("a.csv", HEADER + "2024-04-30,core,5\n2024-05-01,core,1\n", minutes=5)
    assert bench.sync().warning_texts == []
    assert bench.points() == [("2024-04-30", "core", "5"), ("2024-05-01", "core", "1")]


def test_a_file_with_the_day_first_fails_by_name_and_leaves_what_was_there(make_bench):
    bench = make_bench(date_format="MM/d/yyyy")
    bench.put("a.csv", HEADER + "04/30/2024,core,5\n")
    bench.put("b.csv", HEADER + "04/29/2024,core,5\n")
    bench.sync()
    bench.put("a.csv", HEADER + "01/04/2024,core,7\n30/04/2024,core,7\n", minutes=5)
    run = bench.sync()
    assert (run.state, run.files_failed) == ("incomplete", 1)
    failed = run.files.get(state="failed")
    assert failed.key == "usage/a.csv"
    assert failed.message.startswith("Row 3 has the date 30/04/2024, which is 30 Apr 2024 with")
    assert "Export the dates as MM/d/yyyy" in failed.message
    assert bench.points() == [("2024-04-29", "core", "5"), ("2024-04-30", "core", "5")]
