"""Dimensions are chosen from the columns that the files have; a change of no use is not offered."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from ingestion.models import Run
from ingestion.scope import EVERYTHING
from telemetry.columns import list_known_columns
from tests.ingestion.test_preview_pages import carry_out, run_page

HEADER = "date,team,env,region,requests\n"


@pytest.fixture
def bench(make_bench):
    bench = make_bench(dimensions=["team", "env"])
    bench.put("a.csv", HEADER + "2024-05-01,core,prod,eu,5\n2024-05-01,core,dev,eu,1\n")
    bench.put("b.csv", "date,team,env,requests\n2024-05-02,core,prod,7\n", minutes=-5)
    bench.sync()
    return bench


def names(bench) -> list[str]:
    return [column.name for column in list_known_columns(telemetry=bench.telemetry)]


def test_the_page_offers_the_columns_of_the_files_and_marks_those_that_only_some_have(bench, post):
    page = post.get("change/")
    assert page.count('type="checkbox" name="dimensions"') == 3
    assert page.count("checked") == 3  # team, env, and the overlap rule
    assert "region (in 1 of the 2 newest files)" in page
    assert "<textarea" not in page
    assert 'value="requests"' not in page


def test_before_any_file_was_read_only_the_dimensions_are_known(make_bench):
    assert names(make_bench()) == ["team"]


def test_an_unknown_name_is_refused_before_anything_is_read(bench, post, standin):
    before = standin.count("get"), Run.objects.count()
    page = post("change/", dimensions=["team", "regions"], overlap="newest")
    assert "Unknown column &quot;regions&quot;: no file of this telemetry has it." in page
    assert "Columns to choose from: &quot;team&quot;, &quot;env&quot;, &quot;region&quot;." in page
    assert (standin.count("get"), Run.objects.count()) == before
    with pytest.raises(ValidationError, match='"Region" differs from "region" only by case'):
        bench.sync(change={"dimensions": ("Region",)})
    assert Run.objects.count() == 1


def test_a_renamed_column_can_be_chosen_once_a_sync_has_met_it(bench):
    bench.put("c.csv", "date,squad,env,requests\n2024-05-03,core,prod,7\n", minutes=5)
    assert bench.sync().state == "incomplete"
    assert names(bench) == ["team", "env", "squad", "region"]
    assert "Columns that are not used" not in " ".join(bench.runs[-1].warning_texts)


def test_a_column_stays_to_be_chosen_after_it_was_dropped(bench):
    bench.sync(change={"dimensions": ("env",)})
    assert names(bench) == ["env", "team", "region"]


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        (["env"], "You lose the breakdown by team"),
        ([], "You lose the breakdown by team and env"),
        (["team", "env", "region"], None),
    ],
)
def test_a_change_that_drops_a_breakdown_says_so(bench, post, kept, says):
    post("change/", dimensions=kept, overlap="newest")
    page = run_page(post, carry_out(bench))
    assert "Apply these changes" in page
    assert says in page if says else "You lose" not in page


def test_a_preview_that_could_read_no_file_has_no_apply(bench, post):
    for name in ("a.csv", "b.csv"):
        bench.put(name, "date,team,region\n2024-05-01,core,eu\n", minutes=9)
    post("change/", dimensions=["team", "region"], overlap="newest")
    run = carry_out(bench)
    page = run_page(post, run)
    assert "All 2 files failed, so there is nothing to apply." in page
    assert "Apply these changes" not in page
    assert "All 2 files failed" in post(f"runs/{run.public_id}/apply/")
    assert Run.objects.latest("pk") == run


def test_a_preview_that_changes_nothing_has_no_apply(bench, post):
    post("reimport/", **{"from": ""})
    run = carry_out(bench)
    assert run.scope == EVERYTHING.kind
    page = run_page(post, run)
    assert "Nothing would change, so there is nothing to apply." in page
    assert "Apply these changes" not in page
    assert "Nothing would change" in post(f"runs/{run.public_id}/apply/")
    assert Run.objects.latest("pk") == run


class TestBeforeTheFirstSync:
    """The edit page, where dimensions are free."""

    def test_the_columns_of_the_newest_files_are_offered(self, bench, post):
        bench.put("a.csv", HEADER + "2024-05-01,core,prod,eu,5\n")
        assert post.get("edit/").count('type="checkbox" name="dimensions"') == 3
        fields = {"name": "A", "dimensions_shown": "yes"}
        assert "Unknown column “regions”" in post("edit/", **fields, dimensions=["regions"])
        post("edit/", **fields, dimensions=["region", "team"])
        assert names(bench) == ["team", "region"]
        post("edit/", name="A")  # a page that did not ask
        assert names(bench) == ["team", "region"]
        post("edit/", **fields)
        assert names(bench) == []

    def test_without_a_file_the_names_are_typed(self, bench, post):
        assert "No file could be read for its columns" in post.get("edit/")
        post("edit/", name="A", dimensions="env\nteam\n")
        assert names(bench) == ["env", "team"]

    @pytest.fixture
    def bench(self, make_bench):
        return make_bench()
