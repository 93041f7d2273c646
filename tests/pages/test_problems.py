"""A failing sync: the head of the detail page and of the run says why, the remedy, and what to do."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from ingestion.counts import describe_files, list_files
from ingestion.models import Run
from ingestion.problems import explain_problem, find_last_problem
from telemetry.models import Telemetry
from tests.pages.rows import NOON, make_run, make_run_file, make_telemetry, sign_in, store_file

DENIED = "The role cannot be assumed. Check its trust policy."
TRUST = {"message": DENIED, "failure": "connection"}


@pytest.fixture
def telemetry(account) -> Telemetry:
    return make_telemetry(account)


def fail(telemetry: Telemetry, state: str = "failed", **fields: object) -> Run:
    run = make_run(telemetry, state, **fields)
    Telemetry.objects.filter(pk=telemetry.pk).update(last_sync_at=NOON, last_sync_state=state)
    telemetry.refresh_from_db()
    return run


def get_alert(client: Client, url: str) -> str:
    page = client.get(url).content.decode()
    found = re.search(
        r'<div class="alert alert-\w+" id="problem">.*?</div>\s*(<p>.*?</p>\s*)?</div>', page, re.S
    )
    return re.sub(r"<[^>]+>|\s+", " ", found[0]) if found else ""


def offered(alert: str) -> list[str]:
    known = ("Sync again", "Activate", "Edit endpoint", "Test Endpoint", "See the endpoint")
    known += ("See the failed files", "See the run", "See the data", "Preview again", "Change again")
    return [name for name in known if name in alert]


def test_a_connection_that_fails_is_said_with_its_remedy_on_both_pages(account, telemetry):
    store_file(telemetry, "1.csv", {NOON.date(): {("a", "b"): "1"}})
    run = fail(telemetry, **TRUST)
    client = sign_in(account, "admin")
    detail = get_alert(client, f"/settings/telemetry/{telemetry.public_id}/")
    page = get_alert(client, f"/settings/telemetry/{telemetry.public_id}/runs/{run.public_id}/")
    for alert in (detail, page):
        assert "The bucket could not be read" in alert
        assert DENIED in alert
    assert offered(page) == ["Sync again", "Edit endpoint", "Test Endpoint", "See the data"]
    assert offered(detail) == ["Sync again", "Edit endpoint", "Test Endpoint", "See the run", "See the data"]


@pytest.mark.parametrize(
    ("role", "buttons"),
    [
        ("manager", ["Sync again", "See the endpoint", "See the run"]),
        ("viewer", ["See the endpoint", "See the run"]),
    ],
)
def test_nobody_is_offered_what_they_may_not_do(account, telemetry, role, buttons):
    fail(telemetry, **TRUST)
    alert = get_alert(sign_in(account, role), f"/settings/telemetry/{telemetry.public_id}/")
    assert offered(alert) == buttons
    assert "An admin of the account can edit and test the endpoint." in alert


def test_failed_files_are_said_by_their_most_frequent_reason(account, telemetry):
    run = fail(telemetry, "incomplete", files_planned=5, files_read=1, files_failed=4)
    for number in range(3):
        make_run_file(run, f"{number}.csv", "failed", message="The header is empty. Upload it again.")
    make_run_file(run, "odd.csv", "failed", message="A quote never closes.")
    problem = explain_problem(run=run)
    assert problem.title == "4 of 5 files could not be read"
    assert problem.text == (
        "0.csv: The header is empty. Upload it again. 2 more files have the same problem. "
        "1 other reason is listed with the failed files."
    )
    alert = get_alert(sign_in(account, "admin"), f"/settings/telemetry/{telemetry.public_id}/")
    assert offered(alert) == ["Sync again", "See the failed files", "See the run"]


def test_an_inactive_telemetry_is_activated_and_a_preview_previewed_again(account, telemetry):
    run = fail(telemetry, message="It was deactivated.", failure="inactive")
    preview = make_run(telemetry, "failed", is_preview=True, **TRUST)
    changed = make_run(telemetry, "failed", is_changeover=True, **TRUST)
    client = sign_in(account, "admin")
    url = f"/settings/telemetry/{telemetry.public_id}/runs/"
    assert offered(get_alert(client, f"{url}{preview.public_id}/"))[-1] == "Preview again"
    assert offered(get_alert(client, f"{url}{changed.public_id}/"))[-1] == "Change again"
    Telemetry.objects.update(status="inactive")
    assert offered(get_alert(client, f"{url}{run.public_id}/")) == ["Activate"]


def test_the_head_speaks_of_the_run_that_left_the_telemetry_as_it_is(telemetry):
    run = fail(telemetry, **TRUST)
    for fields in ({"is_preview": True}, {"is_changeover": True}):
        make_run(telemetry, "failed", message="Another.", **fields)
    make_run(telemetry, "running")
    assert find_last_problem(source=telemetry)[0] == run


def test_what_went_well_has_no_problem_but_without_data_its_warning_is_one(account, telemetry):
    url = f"/settings/telemetry/{telemetry.public_id}/"
    client = sign_in(account, "admin")
    fail(
        telemetry,
        "succeeded",
        warnings=[{"kind": "nothing_found", "text": "There is nothing under s3://acme/x. Check the prefix."}],
    )
    alert = get_alert(client, url)
    assert "There is nothing under s3://acme/x. Check the prefix." in alert
    assert "Test Endpoint" in offered(alert)
    store_file(telemetry, "1.csv", {NOON.date(): {("a", "b"): "1"}})
    assert get_alert(client, url) == ""


@pytest.mark.parametrize(
    ("counts", "words", "cell"),
    [
        ({"read": 90}, "90 files read; 0 failed, unchanged or ignored", "90 read"),
        ({"failed": 1, "read": 2}, "1 file failed, 2 read; 0 unchanged or ignored", "1 failed, 2 read"),
        ({"unchanged": 1234}, "1,234 files unchanged; 0 failed, read or ignored", "1,234 unchanged"),
        ({}, "No files found", "None"),
    ],
)
def test_what_happened_is_counted_before_what_did_not(counts, words, cell):
    run = Run(**{f"files_{word}": number for word, number in counts.items()})
    assert (describe_files(run), list_files(run)) == (words, cell)


def test_runs_are_listed_with_how_long_they_took(account, telemetry):
    make_run(telemetry, "failed", started_at=NOON.replace(hour=11, minute=56, second=55))
    page = sign_in(account, "viewer").get(f"/settings/telemetry/{telemetry.public_id}/runs/").content.decode()
    assert ">Duration</th>" in page
    assert "3 min 5 s" in page
