from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Account
from ingestion.models import Run
from ingestion.templatetags.ingestion_tags import duration
from telemetry.models import Telemetry
from tests.markup import squeeze
from tests.pages.rows import NOON, make_run, make_run_file, make_telemetry, reject_rows, sign_in


@pytest.fixture
def telemetry(account: Account) -> Telemetry:
    return make_telemetry(account)


@pytest.fixture
def client(account: Account) -> Client:
    return sign_in(account, "manager")


def url(telemetry: Telemetry, rest: str = "") -> str:
    return f"/settings/telemetry/{telemetry.public_id}/{rest}"


def get_run(client: Client, run: Run, **headers: str) -> str:
    response = client.get(url(run.source, f"runs/{run.public_id}/"), headers=headers)
    assert response.status_code == 200
    return squeeze(response)


def test_a_run_shows_counts_warnings_failures_and_rejected_rows(client, telemetry):
    run = make_run(
        telemetry,
        "incomplete",
        files_planned=2,
        files_read=1,
        files_failed=1,
        files_unchanged=7,
        rows_read=5000,
        rows_rejected=103,
        warnings=[{"kind": "rows_repeated", "text": "12 rows are equal."}],
    )
    read = make_run_file(run, "good.csv", rows_read=4897)
    reject_rows(
        read,
        103,
        reason="the metric is negative",
        cells={"date": "2026-05-01", "team": " a", "requests": "-4"},
    )
    make_run_file(run, "bad.csv", "failed", message="The header has a space.")
    page = get_run(client, run).replace("<wbr>", "")
    for text in ("5,000", "4,897", "103", "12 rows are equal.", "bad.csv", "The header has a space.", "-4"):
        assert text in page
    assert page.count("the metric is negative") == 101  # its count, and the first hundred rows
    assert "hx-trigger" not in page


def test_a_run_that_goes_on_asks_for_itself_again_until_it_has_ended(client, telemetry):
    run = make_run(telemetry, "running", files_planned=3)
    make_run_file(run, "1.csv", rows_read=1000)
    make_run_file(run, "2.csv", "pending")
    page = get_run(client, run)
    assert 'hx-trigger="every 2s"' in page
    assert "1 of 3 files, 1,000 rows read" in page
    assert ">Refresh</a>" in page
    Run.objects.filter(pk=run.pk).update(state="succeeded", finished_at=NOON)
    part = get_run(client, run, **{"HX-Request": "true"})
    assert "hx-trigger" not in part
    assert "<html" not in part
    assert "The run has ended: Succeeded." in part


def test_why_a_whole_run_failed_is_said(client, telemetry):
    run = make_run(telemetry, "failed", message="The role cannot be assumed. Check its trust policy.")
    assert "The role cannot be assumed. Check its trust policy." in get_run(client, run)


def test_sync_now_starts_one_run_however_often_it_is_clicked(client, telemetry):
    first = client.post(url(telemetry, "sync/"))
    second = client.post(url(telemetry, "sync/"))
    run = Run.objects.get()
    assert first["Location"] == second["Location"] == url(telemetry, f"runs/{run.public_id}/")
    assert (run.trigger, run.requested_by.email) == ("manual", "manager@acme.example")


def test_a_get_syncs_nothing(client, telemetry):
    assert client.get(url(telemetry, "sync/")).status_code == 405
    assert client.get(url(telemetry, "activate/")).status_code == 405
    assert not Run.objects.exists()


def test_deactivating_asks_first_keeps_the_data_and_stops_syncing(client, telemetry):
    assert "Its data stays" in squeeze(client.get(url(telemetry, "deactivate/")))
    telemetry.refresh_from_db()
    assert telemetry.status == "active"
    client.post(url(telemetry, "deactivate/"))
    telemetry.refresh_from_db()
    assert telemetry.status == "inactive"
    page = squeeze(client.post(url(telemetry, "sync/"), follow=True))
    assert "is inactive. Activate it" in page
    assert "Sync now" not in page
    assert not Run.objects.exists()


def test_activating_catches_up_at_once(client, telemetry):
    Telemetry.objects.update(status="inactive")
    response = client.post(url(telemetry, "activate/"))
    telemetry.refresh_from_db()
    run = Run.objects.get()
    assert (telemetry.status, run.trigger) == ("active", "activated")
    assert response["Location"] == url(telemetry, f"runs/{run.public_id}/")


def test_runs_are_listed_newest_first_on_pages(client, telemetry):
    runs = [make_run(telemetry, created_at=NOON + timedelta(hours=n)) for n in range(51)]
    page = squeeze(client.get(url(telemetry, "runs/")))
    assert "1–50 of 51" in page
    assert str(runs[0].public_id) not in page
    assert page.index(str(runs[50].public_id)) < page.index(str(runs[49].public_id))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (185, "3 min 5 s"), (7620, "2 h 7 min")]
)
def test_durations_are_readable(seconds, text):
    assert duration(NOON, NOON + timedelta(seconds=seconds)) == text
