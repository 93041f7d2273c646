"""A sync does what changed: an unchanged prefix is listed and no more; a new file is one GET and one day."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ingestion.models import FileDay, Run, RunFile, SourceFile
from telemetry.models import DailyTotal, PointBlock
from tests.standin import BUCKET

HEADER = "date,team,requests\n"
OBJECTS, KEYS_A_PAGE = 3_000, 1_000
AT_MOST_A_RUN = 21  # statements beside those of the pages, the audit log among them


@pytest.fixture
def unchanged(bench):
    """A telemetry of very many files that are all stored, as far as the listing can tell."""
    for number in range(OBJECTS):
        bench.put(f"{number:05}.csv", HEADER)
    listed = bench.standin.store.list(BUCKET, prefix="usage/", after="", limit=OBJECTS)
    SourceFile.objects.bulk_create(
        SourceFile(
            source=bench.telemetry,
            key=found.key,
            etag=found.etag,
            size=found.size,
            last_modified=found.modified,
            state=SourceFile.State.STORED,
        )
        for found in listed
    )
    return bench


def test_an_unchanged_prefix_costs_list_calls_and_nothing_else(unchanged):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        run = unchanged.sync()
    assert (run.state, run.files_unchanged, run.files_read) == (Run.State.SUCCEEDED, OBJECTS, 0)
    standin, pages = unchanged.standin, OBJECTS // KEYS_A_PAGE
    assert {seen.operation for seen in standin.app.seen} == {"assume", "list"}
    assert (standin.count("list"), standin.count("assume")) == (pages, 1)
    of_pages = [query for query in queries if '"ingestion_sourcefile"."key" IN' in query["sql"]]
    assert len(of_pages) == pages, "one query a page"
    assert len(queries) - pages <= AT_MOST_A_RUN
    assert not RunFile.objects.exists()


def test_a_new_days_file_costs_one_get_and_touches_one_day(bench):
    for day in range(1, 6):
        bench.put(f"{day}.csv", HEADER + f"2024-05-0{day},core,5\n")
    bench.sync()
    gets, before = bench.standin.count("get"), {model: set(rows(model)) for model in KEPT}
    bench.put("6.csv", HEADER + "2024-05-06,core,6\n")
    assert (bench.sync().files_read, bench.standin.count("get")) == (1, gets + 1)
    for model, old in before.items():
        now = set(rows(model))
        assert old < now, "a row of another day was written again"
        assert {day.isoformat() for *_, day in now - old} == {"2024-05-06"}


KEPT = (DailyTotal, FileDay, PointBlock)


def rows(model) -> list[tuple]:
    return list(model.objects.values_list("pk", "date"))
