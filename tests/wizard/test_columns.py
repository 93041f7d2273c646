from __future__ import annotations

import pytest

from tests.standin import BUCKET
from tests.wizard.walk import Walk, errors_of, text_of


def put(walk: Walk, days, body: str, prefix: str = "own/") -> Walk:
    days.put_object(BUCKET, f"{prefix}a.csv", body)
    walk.answers["source"]["prefix"] = prefix
    return walk


def test_the_one_format_that_fits_is_suggested(walk, days):
    put(walk, days, "day,passengers\n07/1/2014,5\n07/13/2014,6\n").to("date")
    page = walk.get("date")
    assert "Suggested for day : MM/d/yyyy , the only format that fits every row." in text_of(page)
    assert '<option value="MM/d/yyyy" selected>' in page.content.decode()


def test_of_two_formats_that_fit_the_strict_one_is_suggested_and_both_explained(walk):
    page = text_of(walk.to("date").get("date"))
    assert "Suggested for date : yyyy-MM-dd , which always has two digits" in page
    assert "yyyy-M-d fits every row too" in page


def test_each_format_says_how_many_rows_it_fits_and_what_it_does_not(walk, days):
    put(walk, days, "day,n\n2026-03-01,5\n2026-3-2,6\n").to("date")
    part = text_of(walk.get("date", "?date_column=day", **{"HX-Request": "true"}))
    assert "yyyy-MM-dd 1 of 2 2026-3-2" in part
    assert "yyyy-M-d 2 of 2 All fit" in part
    assert "MM/d/yyyy 0 of 2 2026-03-01" in part


def test_without_javascript_a_button_tries_the_formats_on_another_column(walk):
    walk.to("date")
    answer = walk.client.post(
        walk.url("date"), {"date_column": "company", "date_format": "", "show": "formats"}
    )
    assert "No format fits every row of company." in text_of(answer)
    assert "date" not in walk.draft.answers


def test_a_wrong_format_blocks_and_names_the_first_cell_that_does_not_fit(walk):
    answer = walk.to("date").post("date", date_format="MM/d/yyyy")
    assert errors_of(answer) == {
        "date_format": [
            "9 of 9 sampled rows of date are not in the format MM/d/yyyy. The first is “2026-03-12” "
            "(row 2 of mentions/2026-03-12.csv). The format yyyy-MM-dd fits every row."
        ]
    }
    assert "date" not in walk.draft.answers


def test_one_cell_that_is_no_date_blocks(walk, days):
    put(walk, days, "date,n\n2026-03-01,5\n2026-02-30,6\n").to("date")
    [message] = errors_of(walk.post("date"))["date_format"]
    assert message.startswith("1 of 2 sampled rows of date are not in the format yyyy-MM-dd.")
    assert "“2026-02-30” (row 3 of own/a.csv)" in message


def test_a_column_and_a_format_have_to_be_chosen(walk):
    answer = walk.to("date").post("date", date_column="", date_format="")
    assert errors_of(answer) == {
        "date_column": ["Choose the date column."],
        "date_format": ["Choose the date format."],
    }


def test_a_column_that_is_not_in_the_files_is_refused(walk):
    [message] = errors_of(walk.to("date").post("date", date_column="nonsense"))["date_column"]
    assert message.startswith("The sampled files have no column nonsense")


def test_dimensions_are_the_remaining_columns_none_selected_at_first(walk):
    page = walk.to("dimensions").get("dimensions")
    options = page.context["form"].options
    assert [(option.column.name, option.chosen) for option in options] == [
        ("company", False), ("sector", False),
    ]  # fmt: skip
    assert "3 distinct values, for example Apple, CVS, Amazon" in text_of(page)


def test_eleven_dimensions_are_refused_and_ten_are_not(walk, days):
    names = [f"d{n}" for n in range(11)]
    put(walk, days, f"date,{','.join(names)},n\n2026-03-01,{','.join(names)},5\n").to("dimensions")
    answer = walk.post("dimensions", dimensions=names)
    assert errors_of(answer) == {
        "dimensions": ["You selected 11 dimensions. A telemetry takes at most 10: deselect 1."]
    }
    assert answer.content.decode().count(" checked") == 11
    assert walk.post("dimensions", dimensions=names[:10]).status_code == 302


def test_one_column_has_to_be_left_for_the_metric(walk):
    answer = walk.to("dimensions").post("dimensions", dimensions=["company", "sector", "mentions"])
    assert "No column is left for the metric." in errors_of(answer)["dimensions"][0]


def test_dimensions_keep_the_order_of_the_file(walk):
    walk.to("dimensions").post("dimensions", dimensions=["sector", "company"])
    assert walk.draft.answers["dimensions"] == {"dimensions": ["company", "sector"]}


def test_the_metric_is_one_of_what_is_left_and_names_the_identifier(walk):
    page = walk.to("metric").get("metric")
    assert [option.column.name for option in page.context["form"].options] == ["sector", "mentions"]
    assert "The identifier cannot be changed later." in text_of(page)
    assert "The identifier would be mentions ." in text_of(page)
    assert (
        "0 of 9 sampled values are numbers of zero or more. The first that is not: “technology”"
        in text_of(page)
    )


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("-1", "the metric is negative"), ("", "the metric is empty"), ("NaN", "the metric is NaN")],
)
def test_one_value_that_cannot_be_used_blocks_the_metric(walk, days, cell, reason):
    put(walk, days, f"date,company,mentions\n2026-03-01,a,5\n2026-03-01,b,{cell}\n").to("metric")
    [message] = errors_of(walk.post("metric"))["metric_column"]
    assert message.startswith("1 of 2 sampled values of mentions cannot be used.")
    assert f"“{cell}” (row 3 of own/a.csv): {reason}." in message


def test_an_identifier_of_the_account_is_taken(walk, client, s3_endpoint):
    walk.to("review").post("review")
    second = Walk(client, s3_endpoint).to("metric")
    assert "Taken: mentions is the identifier of Mentions." in text_of(second.get("metric"))
    [message] = errors_of(second.post("metric"))["metric_column"]
    assert message.startswith("mentions is already the identifier of the telemetry Mentions.")


def test_a_metric_has_to_be_chosen(walk):
    answer = walk.to("metric").post("metric", metric_column="")
    assert errors_of(answer) == {"metric_column": ["Choose the metric column."]}
    assert '<a href="#id_metric_column_0">' in answer.content.decode()


def test_the_warning_names_the_identifier_before_the_step_is_passed(walk, days):
    put(walk, days, "date,company,sector,other,mentions\n2026-03-01,Apple,tech,1,5\n").to("metric")
    assert "The name of the column that you choose becomes" in text_of(walk.get("metric"))
    part = walk.get("metric", "?metric_column=mentions", **{"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "identifier will be mentions , the name of the metric column" in text_of(part)
    walk.post("metric")
    assert "identifier will be mentions" in text_of(walk.get("metric"))


def test_a_column_that_is_none_is_not_named_as_the_identifier(walk):
    walk.to("metric")
    assert "The name of the column that you choose" in text_of(walk.get("metric", "?metric_column=%3Cb%3E"))
