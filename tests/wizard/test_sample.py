from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.cache import cache

from tests.standin import BUCKET
from tests.wizard.conftest import NEWEST, put_day
from tests.wizard.walk import errors_of, text_of

LATER = NEWEST + timedelta(days=1)


def test_ten_rows_of_recent_dates_come_from_the_newest_files(walk):
    walk.to("preview")
    page = walk.get("preview")
    rows = page.context["form"].rows
    assert [row[0] for row in rows] == ["2026-03-12"] * 3 + ["2026-03-11"] * 3 + ["2026-03-10"] * 3
    assert "mentions/2026-03-12.csv" in text_of(page)
    assert "mentions/2026-03-09.csv" not in text_of(page)


def test_recent_means_the_dates_and_not_the_order_in_the_file(walk, days):
    rows = "".join(f"{day},{n}\n" for n, day in enumerate(["2026-01-01", "2026-02-01"] * 8))
    days.put_object(BUCKET, "mentions/all.csv", "date,mentions\n" + rows, modified=LATER)
    walk.answers["source"]["prefix"] = "mentions/all"
    walk.to("preview")
    rows = walk.get("preview").context["form"].rows
    assert [row[0] for row in rows] == ["2026-02-01"] * 8 + ["2026-01-01"] * 2


def test_each_column_carries_its_type_and_its_distinct_values(walk):
    walk.to("preview")
    page = text_of(walk.get("preview"))
    for shown in ("date date, 3 distinct", "company text, 3 distinct", "mentions number, 9 distinct"):
        assert shown in page


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("date,company name,sector,mentions", 'must not contain spaces: "company name"'),
        ("date,company,company,mentions", 'more than once: "company"'),
        ("date,company,,mentions", "no name for column 3"),
    ],
)
def test_a_bad_header_blocks_the_step_and_names_the_columns_and_the_file(walk, days, header, words):
    walk.to("preview")
    key = put_day(days, 12, header=header)
    answer = walk.get("preview")
    [message] = errors_of(answer)["__all__"]
    assert message.startswith(f"{key}: ")
    assert words in message
    assert "<title>Error: Step 2 of 6: Preview" in answer.content.decode()
    assert walk.post("preview").status_code == 200
    assert "preview" not in walk.draft.answers


@pytest.mark.parametrize("body", [b"\x00\x01\x02\xff" * 400, b"date,mentions\n"])
def test_a_file_without_rows_to_read_blocks_the_step(walk, days, body):
    days.put_object(BUCKET, "odd/a.csv", body)
    walk.answers["source"]["prefix"] = "odd/"
    walk.to("preview")
    assert "odd/a.csv" in errors_of(walk.get("preview"))["__all__"][0]


def test_columns_that_a_sampled_file_lacks_cannot_be_chosen(walk, days):
    days.put_object(
        BUCKET, "mentions/new.csv", "sector,mentions,date,extra\nhealth,1,2026-03-13,x\n", modified=LATER
    )
    walk.to("preview")
    assert "so they cannot be chosen: extra , company ." in text_of(walk.get("preview"))
    walk.post("preview")
    assert [row[0] for row in walk.get("date").context["form"].fields["date_column"].choices] == [
        "", "sector", "mentions", "date",
    ]  # fmt: skip


def test_a_denied_read_is_said_with_its_remedy(walk, days):
    walk.to("preview")
    days.fail("get", "deny")
    [message] = errors_of(walk.get("preview"))["__all__"]
    assert "may not read mentions/2026-03-12.csv" in message
    assert "Allow s3:GetObject" in message
    days.clear_faults()


def test_the_sample_is_read_once_for_all_steps(walk, days):
    walk.to("review")
    reads = days.count("get")
    for step in ("preview", "date", "dimensions", "metric", "review"):
        walk.get(step)
    assert days.count("get") == reads


def test_a_sample_gone_from_the_cache_is_read_again_in_the_versions_seen(walk, days):
    walk.to("review")
    put_day(days, 13)
    cache.clear()
    assert "mentions/2026-03-13.csv" not in text_of(walk.get("preview"))
    assert walk.post("review").status_code == 302


def test_a_file_overwritten_since_makes_the_newest_files_the_sample(walk, days):
    walk.to("review")
    put_day(days, 13)
    days.put_object(BUCKET, "mentions/2026-03-12.csv", "date,company,sector,mentions\n2026-03-12,A,b,4\n")
    cache.clear()
    assert "mentions/2026-03-13.csv" in text_of(walk.get("preview"))


def test_a_column_gone_since_is_said_in_the_review_with_the_way_to_mend_it(walk, days):
    walk.to("review")
    for day in range(8, 13):
        put_day(days, day, header="date,firm,sector,mentions")
    cache.clear()
    [message] = errors_of(walk.get("review"))["__all__"]
    assert "The sampled files have no column company" in message
    assert walk.url("dimensions") + "?return=review" in message


def test_the_newest_files_are_read_again_on_request(walk, days):
    walk.to("date")
    put_day(days, 13)
    assert "mentions/2026-03-13.csv" not in text_of(walk.get("preview"))
    answer = walk.client.post(walk.url("preview"), {"again": "yes"})
    assert answer.url == walk.url("preview")
    assert "mentions/2026-03-13.csv" in text_of(walk.get("preview"))


def test_no_cell_of_the_files_enters_the_database(walk):
    walk.to("review")
    kept = json.dumps([walk.draft.answers, walk.draft.sampled])
    for cell in ("Apple", "technology", "sector", "2026-03-12,"):
        assert cell not in kept
    assert [entry["key"] for entry in walk.draft.sampled] == [
        f"mentions/2026-03-{day}.csv" for day in (12, 11, 10)
    ]
