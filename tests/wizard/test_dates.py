"""Month or day first: where both fit the wizard suggests nothing, and asks in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from django.core.cache import cache

from demo.standin import StandIn
from telemetry.models import Telemetry
from tests.standin import BUCKET
from tests.wizard.walk import Walk, errors_of, text_of

MARCH_12 = datetime(2024, 3, 12, 6, tzinfo=UTC)
DAY_BY_DAY = [f"{day:02}/03/2024" for day in range(1, 13)]  # 1 to 12 March, or 3 January to 3 December
MONTH, DAY = "month_first:day", "day_first:day"


def put(walk: Walk, days: StandIn, cells: Iterable[str], *, modified: datetime | None = MARCH_12) -> Walk:
    """At the Date step of a draft of one file with the column `day`."""
    rows = [f"{cell},{number}" for number, cell in enumerate(cells)]
    days.put_object(BUCKET, "own/a.csv", "\n".join(["day,n", *rows, ""]), modified=modified)
    walk.answers["source"]["prefix"] = "own/"
    walk.answers["date"] = {"date_column": "day", "date_format": "MM/d/yyyy"}
    return walk.to("date")


def checked(answer) -> list[str]:
    return re.findall(r'name="date_order" value="([^"]*)"[^>]* checked', answer.content.decode())


def test_what_can_be_read_with_the_day_first_is_not_suggested_but_asked_in_words(walk, days):
    page = put(walk, days, DAY_BY_DAY, modified=None).get("date")
    text = text_of(page)
    assert "Suggested" not in text
    assert "only format that fits" not in text
    assert "No format is suggested for day : every row fits MM/d/yyyy, and every row is a date" in text
    assert "Is 01/03/2024 3 Jan or 1 Mar 2024?" in text
    assert "3 Jan 2024: the month comes first" in text
    assert "Then the sampled rows are of 3 Jan 2024 to 3 Dec 2024, 12 different dates." in text
    assert "1 Mar 2024: the day comes first" in text
    assert "Then the sampled rows are of 1 Mar 2024 to 12 Mar 2024, every day of it." in text
    assert 'value="day" selected' in page.content.decode()
    assert '<option value="MM/d/yyyy" selected' not in page.content.decode()
    assert checked(page) == []


def test_the_question_shows_which_reading_lies_after_the_files_own_time(walk, days):
    text = text_of(put(walk, days, DAY_BY_DAY).get("date"))
    assert "Is 12/03/2024 3 Dec or 12 Mar 2024?" in text
    assert text.count("a date after their file was last changed") == 1
    assert "to 3 Dec 2024, 12 different dates. 9 rows have a date after their file was" in text


def test_the_question_has_to_be_answered(walk, days):
    answer = put(walk, days, DAY_BY_DAY).post("date")
    question = "Is 12/03/2024 3 Dec or 12 Mar 2024?"
    assert errors_of(answer) == {"date_order": [f"Answer the question: {question}"]}
    assert '<a href="#id_date_order_0">' in answer.content.decode()
    assert "date" not in walk.draft.answers


def test_day_first_blocks_with_the_remedy(walk, days):
    answer = put(walk, days, DAY_BY_DAY).post("date", date_order=DAY)
    [message] = errors_of(answer)["date_order"]
    assert message.startswith("None of the formats has the day first. Export the dates as yyyy-MM-dd")
    assert "(2024-03-12 for 12 Mar 2024)" in message
    assert checked(answer) == [DAY]
    assert "date" not in walk.draft.answers


def test_month_first_goes_on_and_is_remembered_to_the_end(walk, days):
    put(walk, days, ["03/1/2024", "03/2/2024"]).answers["date"]["date_order"] = MONTH
    walk.answers |= {"dimensions": {}, "metric": {"metric_column": "n"}}
    walk.to("review")
    assert walk.draft.answers["date"] == walk.answers["date"]
    assert checked(walk.get("date")) == [MONTH]
    assert "In a date The month comes first" in text_of(walk.get("review"))
    assert walk.post("review").status_code == 302
    assert Telemetry.objects.get().date_format == "MM/d/yyyy"


def test_an_answer_about_one_column_answers_for_no_other(walk, days):
    body = "day,other,n\n03/1/2024,02/1/2024,1\n"
    days.put_object(BUCKET, "own/a.csv", body, modified=MARCH_12)
    walk.answers["source"]["prefix"] = "own/"
    walk.to("date").post("date", date_column="day", date_format="MM/d/yyyy", date_order=MONTH)
    assert checked(walk.get("date", "?date_column=other", **{"HX-Request": "true"})) == []
    answer = walk.post("date", date_column="other", date_format="MM/d/yyyy", date_order=MONTH)
    assert errors_of(answer) == {"date_order": ["Answer the question: Is 02/1/2024 1 Feb or 2 Jan 2024?"]}


def test_without_javascript_the_question_comes_with_the_formats(walk, days):
    put(walk, days, DAY_BY_DAY)
    shown = walk.client.post(walk.url("date"), {"date_column": "day", "date_format": "", "show": "formats"})
    assert "Is 12/03/2024 3 Dec or 12 Mar 2024?" in text_of(shown)
    assert shown.context["form"].errors == {}


def test_the_file_s_own_time_is_each_files_own(walk, days):
    for month in (2, 3):
        days.put_object(
            BUCKET,
            f"own/{month}.csv",
            f"day,n\n0{month}/04/2024,1\n",
            modified=datetime(2024, month, 5, tzinfo=UTC),
        )
    walk.answers["source"]["prefix"] = "own/"
    text = text_of(walk.to("date").get("date"))
    # With the day first: 2 and 3 April, after 5 February and after 5 March.
    assert text.count("2 rows have a date after their file was last changed.") == 1


@pytest.mark.parametrize("cells", [["01/01/2024"], ["05/05/2024", "03/03/2024"]])
def test_dates_equal_either_way_tell_nothing_of_those_to_come(walk, days, cells):
    assert re.search(r"Would 01/0\d/2024 be|Would 02/01/2024 be", text_of(put(walk, days, cells).get("date")))
    assert "date_order" in errors_of(walk.post("date"))


@pytest.mark.parametrize("cells", [["03/1/2024", "03/13/2024"], ["02/29/2024"]])
def test_a_day_after_the_12th_leaves_no_question(walk, days, cells):
    text = text_of(put(walk, days, cells, modified=None).get("date"))
    assert "Suggested for day : MM/d/yyyy , the only format that fits every row." in text
    assert walk.post("date").status_code == 302
    assert walk.draft.answers["date"] == walk.answers["date"]


def test_a_sample_that_only_fits_with_the_day_first_says_so(walk, days):
    put(walk, days, [*DAY_BY_DAY, "13/03/2024"])
    assert "Every row of day is a date with the day first (dd/MM/yyyy), which none" in text_of(
        walk.get("date", "?date_column=day")
    )
    [message] = errors_of(walk.post("date"))["date_format"]
    assert "“13/03/2024” (row 14 of own/a.csv). It is 13 Mar 2024 with the day first." in message
    assert "Export the dates as yyyy-MM-dd" in message


@pytest.mark.parametrize(
    ("cells", "date_format"),
    [(["2024-01-03", "2024-12-03"], "yyyy-MM-dd"), (["2024/1/3", "2024/12/3"], "yyyy/M/d")],
)
def test_years_first_are_doubted_only_where_the_files_own_time_speaks_against_them(
    walk, days, cells, date_format
):
    put(walk, days, cells).answers["date"]["date_format"] = date_format
    assert "3 Dec or 12 Mar 2024?" in text_of(walk.get("date"))
    assert "date_order" in errors_of(walk.post("date"))
    assert walk.post("date", date_order=MONTH).status_code == 302  # a forecast


def test_years_first_up_to_the_12th_are_not_doubted_otherwise(walk, days):
    text = text_of(put(walk, days, ["2024-01-03", "2024-12-03"], modified=None).get("date"))
    assert "Suggested for day : yyyy-MM-dd" in text


def test_a_date_after_the_files_own_time_is_never_suggested(walk, days):
    cells = ["2024-03-01", "2024-03-13", "2204-03-14", "2024-03-14"]
    page = put(walk, days, cells).get("date")
    text = text_of(page)
    assert "Suggested" not in text
    assert "2 rows have a date after their file was last changed. The newest is 2204-03-14 (row 4 of" in text
    assert '<option value="yyyy-MM-dd" selected' not in page.content.decode()
    assert walk.post("date", date_format="yyyy-MM-dd").status_code == 302  # it is for people to choose


def test_the_day_after_the_files_own_time_is_another_time_zones_today(walk, days):
    assert "Suggested for day : yyyy-MM-dd" in text_of(put(walk, days, ["2024-03-13"]).get("date"))


def test_the_preview_does_not_begin_with_dates_after_the_files_own_time(walk, days):
    put(walk, days, ["2024-03-01", "9999-12-31", "2024-03-11"])
    rows = [row[0] for row in walk.get("preview").context["form"].rows]
    assert rows == ["2024-03-11", "2024-03-01", "9999-12-31"]


def test_the_preview_does_not_guess_the_order_of_dates_in_doubt(walk, days):
    put(walk, days, DAY_BY_DAY)
    assert [row[0] for row in walk.get("preview").context["form"].rows] == DAY_BY_DAY[:10]


def test_a_question_that_comes_up_later_is_asked_before_anything_is_created(walk, days):
    put(walk, days, ["03/13/2024"])
    walk.answers |= {"dimensions": {}, "metric": {"metric_column": "n"}}
    walk.to("review")
    days.put_object(BUCKET, "own/a.csv", "day,n\n03/12/2024,1\n", modified=MARCH_12)
    cache.clear()  # the sampled rows: an hour has gone by
    text = text_of(walk.post("review"))
    assert "Date : Answer the question: Is 03/12/2024 12 Mar or 3 Dec 2024?" in text
    assert not Telemetry.objects.exists()
