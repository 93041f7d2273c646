"""The pages on which files are read again and the mapping changes: shown first, then applied."""

from __future__ import annotations

import pytest

from ingestion.models import Run
from ingestion.work import execute_run
from telemetry.selectors import list_dimensions

HEADER = "date,team,env,requests\n"


@pytest.fixture
def bench(make_bench):
    bench = make_bench(dimensions=["team"])
    bench.put("a.csv", HEADER + "2024-05-01,core,prod,5\n2024-05-01,core,dev,1234.5\n")
    bench.put("b.csv", HEADER + "2024-05-02,core,prod,7\n2024-05-02,core,prod,-7\n")
    bench.sync()
    return bench


def carry_out(bench) -> Run:
    """The run that was asked for last, as a worker does it."""
    run = Run.objects.latest("pk")
    assert execute_run(run_id=run.pk, clock=lambda: bench.now)
    run.refresh_from_db()
    return run


def run_page(post, run: Run) -> str:
    return post.get(f"runs/{run.public_id}/")


def test_the_dimensions_change_after_their_preview_was_applied(bench, post):
    assert "Change the dimensions or the overlap rule" in post.get("edit/")
    page = post("change/", dimensions=["team", "env"], overlap="newest")
    assert "Waiting for a worker." in page
    run = carry_out(bench)
    page = run_page(post, run)
    assert "Preview: no data was changed" in page
    assert (
        "Total of the 2 days compared: <strong>1,246.5</strong> before, <strong>1,246.5</strong> after"
        in page
    )
    assert "Data points: <strong>2</strong> before, <strong>3</strong> after" in page
    assert list_dimensions(telemetry=bench.telemetry) == ["team"]
    assert "Apply these changes" in page
    page = post(f"runs/{run.public_id}/apply/")
    assert "Shown before by" in page
    assert carry_out(bench).state == "succeeded_with_rejects"
    assert list_dimensions(telemetry=bench.telemetry) == ["team", "env"]
    assert bench.points()[0] == ("2024-05-01", "core", "dev", "1234.5")


def test_the_overlap_rules_preview_lists_the_days_it_changes(bench, post):
    bench.put("c.csv", HEADER + "2024-05-02,core,prod,10\n", minutes=90)
    bench.sync()
    post("change/", dimensions="team", overlap="add")
    page = run_page(post, carry_out(bench))
    assert "Values of different files add up." in page
    assert (
        '<th scope="row" class="nowrap">2 May 2024</th><td class="number">10</td><td class="number">17</td>'
        in page
    )


def test_consent_is_asked_for_where_files_cannot_be_read_again(bench, post):
    bench.delete("a.csv")
    post("change/", dimensions=["team", "env"], overlap="newest")
    run = carry_out(bench)
    page = run_page(post, run)
    assert "1 stored file cannot be read again" in page
    assert "usage/a.csv" in page
    assert "Agree that they keep counting" in post(f"runs/{run.public_id}/apply/")
    assert Run.objects.latest("pk") == run
    post(f"runs/{run.public_id}/apply/", keeps_unreadable="yes")
    assert carry_out(bench).mapping_change.keeps_unreadable
    assert bench.points()[0] == ("2024-05-01", "core", "", "1239.5")
    assert "Made of earlier points" in post.get("files/")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"dimensions": "team", "overlap": "newest"}, "are these already"),
        ({"dimensions": "two words", "overlap": "newest"}, "Unknown column"),
        ({"dimensions": "team", "overlap": "odd"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_changed_so_is_said_on_the_form(bench, post, fields, says):
    assert says in post("change/", **fields)
    assert Run.objects.count() == 1


def test_files_are_imported_again_after_a_preview(bench, post):
    bench.put("b.csv", HEADER + "2024-05-02,core,prod,8\n", minutes=1)
    post("reimport/", **{"from": "2024-05-02"})
    run = carry_out(bench)
    page = run_page(post, run)
    assert "Files with dates from a day on again: 2 May 2024" in page
    assert "<strong>7</strong> before, <strong>8</strong> after" in page
    post(f"runs/{run.public_id}/apply/")
    applied = carry_out(bench)
    assert (applied.scope, applied.files_read, applied.is_preview) == ("since", 1, False)
    assert ("2024-05-02", "core", "8") in bench.points()


def test_a_date_that_is_none_is_said(bench, post):
    assert "From: give a date such as" in post("reimport/", **{"from": "yesterday"})


def test_files_with_rejected_rows_are_read_again_from_the_pages(bench, post):
    page = post.get("files/")
    assert page.count("Read again <span") == 1
    assert "Read files with rejected rows again" in page
    post("again/")
    run = carry_out(bench)
    assert [file.key for file in run.files.all()] == ["usage/b.csv"]
    post("again/", key="usage/a.csv")
    assert [file.key for file in carry_out(bench).files.all()] == ["usage/a.csv"]


def test_only_a_preview_that_has_ended_can_be_applied(bench, post):
    ordinary = Run.objects.latest("pk")
    assert (
        "404" in post(f"runs/{ordinary.public_id}/apply/")
        or "not found" in post(f"runs/{ordinary.public_id}/apply/").lower()
    )
    post("change/", overlap="newest")
    waiting = Run.objects.latest("pk")
    assert "There is nothing to apply" in post(f"runs/{waiting.public_id}/apply/")
    assert "A sync of this telemetry is going on" in post("again/")


def test_rejected_rows_are_paged_and_filtered_without_javascript(bench, post):
    rows = "".join(f"2024-05-03,t{n},e,-1\n" for n in range(120)) + "2024-05-03,other,e,x\n"
    bench.put("c.csv", HEADER + rows, minutes=3)
    run = bench.sync()
    page = run_page(post, run)
    assert "1–100 of 121" in page
    assert 'href="?page=2"' in page
    second = post.get(f"runs/{run.public_id}/?page=2")
    assert "101–121 of 121" in second
    reason = "the%20metric%20is%20negative"
    assert f"?reason={reason}#rejected-rows" in page
    filtered = post.get(f"runs/{run.public_id}/?reason={reason}&page=2")
    assert "101–120 of 120" in filtered
    assert f"rejected-rows.csv?reason={reason}" in filtered
    assert f"?reason={reason.replace('%20', '+')}&amp;page=1" in filtered
    assert "row 2 of" in page, "an example beside its reason"


def test_the_download_has_the_rows_of_the_reason_that_is_shown(bench, post, client):
    bench.put("c.csv", HEADER + "2024-05-03,a,e,-1\n2024-05-03,b,e,x\n", minutes=3)
    run = bench.sync()
    address = f"/settings/telemetry/{bench.telemetry.public_id}/runs/{run.public_id}/rejected-rows.csv"
    lines = (
        b"".join(client.get(address, {"reason": "the metric is negative"}).streaming_content)
        .decode()
        .splitlines()
    )
    assert len(lines) == 2
    assert "the metric is negative" in lines[1]
