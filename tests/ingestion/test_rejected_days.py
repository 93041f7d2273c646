"""Rejected rows are counted by their date, and follow their file through whatever becomes of it."""

from __future__ import annotations

from datetime import date

from ingestion.models import RejectedDay, SourceFile
from telemetry.mapping_changes import Change

HEADER = "date,team,env,requests\n"
ROWS = "2024-05-01,core,prod,5\n2024-05-01,core,dev,x\n2024-05-02,web,prod,-1\nno date,web,prod,1\n"


def held(bench):
    days = RejectedDay.objects.filter(telemetry=bench.telemetry).order_by("date")
    return list(days.values_list("date", "rows")), SourceFile.objects.get(state="stored").rejected_undated


def test_they_are_counted_changed_over_and_carried_over_with_their_file(make_bench):
    bench = make_bench(dimensions=["team"])
    expected = [(date(2024, 5, 1), 1), (date(2024, 5, 2), 1)], 1
    bench.put("a.csv", HEADER + ROWS)
    bench.sync()
    assert held(bench) == expected
    bench.sync(change=Change(dimensions=("team", "env")), is_rehearsal=True)
    assert RejectedDay.objects.count() == 2
    bench.sync(change=Change(dimensions=("team", "env")))
    assert held(bench) == expected
    bench.delete("a.csv")
    bench.sync(change=Change(dimensions=("team",)))
    assert SourceFile.objects.get(state="stored").is_carried_over
    assert held(bench) == expected
    bench.put("a.csv", HEADER + "2024-05-01,core,prod,5\n", minutes=1)
    bench.sync()
    assert held(bench) == ([], 0)
    assert not RejectedDay.objects.exists()
