"""Rejected rows are counted by their date, and follow their file through whatever becomes of it."""

from __future__ import annotations

from datetime import date

from ingestion.models import RejectedDay, SourceFile

HEADER = "date,team,env,requests\n"
ROWS = "2024-05-01,core,prod,5\n2024-05-01,core,dev,x\n2024-05-02,web,prod,-1\nno date,web,prod,1\n"


def held(bench):
    days = RejectedDay.objects.filter(source=bench.telemetry).order_by("date")
    return list(days.values_list("date", "rows")), SourceFile.objects.get(state="stored").rejected_undated


def test_they_are_counted_changed_over_and_carried_over_with_their_file(make_bench):
    bench = make_bench(dimensions=["team"])
    expected = [(date(2024, 5, 1), 1), (date(2024, 5, 2), 1)], 1
    bench.put("a.csv", HEADER + ROWS)
    bench.sync()
    assert held(bench) == expected
    bench.sync(change={"dimensions": ("team", "env")}, is_preview=True)
    assert RejectedDay.objects.count() == 2
    bench.sync(change={"dimensions": ("team", "env")})
    assert held(bench) == expected
    bench.delete("a.csv")
    bench.sync(change={"dimensions": ("team",)})
    assert SourceFile.objects.get(state="stored").is_reprojected
    assert held(bench) == expected
    bench.put("a.csv", HEADER + "2024-05-01,core,prod,5\n", minutes=1)
    bench.sync()
    assert held(bench) == ([], 0)
    assert not RejectedDay.objects.exists()
