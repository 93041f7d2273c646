"""What would do nothing is not offered, and an empty list has no filters."""

from __future__ import annotations

import re

import pytest

from ingestion.models import Run, SourceFile
from telemetry.models import Telemetry
from tests.markup import squeeze
from tests.pages.rows import NOON, make_endpoint, make_run, make_telemetry, sign_in, store_file

AGAIN, IMPORT, RUNNING = "Read files with rejected rows again", "Import again", "See the sync that is running"


@pytest.fixture
def telemetry(account) -> Telemetry:
    return make_telemetry(account)


@pytest.fixture
def client(account):
    return sign_in(account, "admin")


def get(client, telemetry: Telemetry, rest: str = "") -> str:
    page = squeeze(client.get(f"/settings/telemetry/{telemetry.public_id}/{rest}"))
    return re.sub(r"<wbr>", "", page)


def test_files_are_read_again_only_where_there_are_any_to_read(client, telemetry):
    page = get(client, telemetry, "files/")
    assert AGAIN not in page
    assert IMPORT not in page
    assert 'role="search"' not in page
    file = store_file(telemetry, "1.csv", {NOON.date(): {("a", "b"): "1"}})
    page = get(client, telemetry, "files/")
    assert AGAIN not in page
    assert IMPORT in page
    assert 'role="search"' in page
    SourceFile.objects.filter(pk=file.pk).update(rows_read=9, rows_rejected=2)
    page = get(client, telemetry, "files/")
    assert AGAIN in page
    assert ">Read again <" in page
    run = make_run(telemetry, "running")
    page = get(client, telemetry, "files/")
    assert RUNNING in page
    Run.objects.filter(pk=run.pk).update(state="failed", finished_at=NOON)
    Telemetry.objects.update(status="inactive")
    page += get(client, telemetry, "files/")
    for name in (AGAIN, IMPORT, ">Read again <"):
        assert name not in page
    assert 'role="search"' in get(client, telemetry, "files/?search=zebra")


def test_sync_now_is_one_button_where_the_text_speaks_of_it(client, telemetry):
    page = get(client, telemetry)
    assert page.count(">Sync now<") == 1
    assert "There is no data yet. First sync at 02:00 UTC." in page
    runs = get(client, telemetry, "runs/")
    assert runs.count(">Sync now<") == 1
    run = make_run(telemetry, "queued")
    page = get(client, telemetry)
    assert ">Sync now<" not in page
    assert RUNNING in page
    run.delete()
    store_file(telemetry, "1.csv", {NOON.date(): {("a", "b"): "1"}})
    assert get(client, telemetry).count(">Sync now<") == 1


def test_presets_and_downloads_that_change_nothing_are_not_there(client, telemetry):
    store_file(telemetry, "1.csv", {NOON.date(): {("a", "b"): "1"}})
    page = get(client, telemetry)
    assert "Newest 30 dates" not in page
    assert "All dates" not in page
    page = get(client, telemetry, "?from=2020-01-01&to=2020-01-02")
    assert "Newest 30 dates" in page
    assert "All dates" in page
    assert "Download daily totals" not in page


def test_an_account_without_anything_has_no_filters_and_adds_an_endpoint_first(account, client):
    page = squeeze(client.get("/settings/telemetry/"))
    assert 'id="filters"' not in page
    assert "Add Telemetry" not in page
    endpoint = make_endpoint(account)
    assert "Delete" in squeeze(client.get(f"/settings/endpoints/{endpoint.public_id}/"))
    make_telemetry(account)
    page = squeeze(client.get("/settings/telemetry/?search=zebra"))
    assert 'id="filters"' in page
    detail = squeeze(client.get(f"/settings/endpoints/{endpoint.public_id}/"))
    assert ">Delete<" not in detail
    assert "can be deleted once no telemetry reads from it" in detail


def test_only_other_sessions_can_be_ended(client):
    assert "End all other sessions" not in squeeze(client.get("/accounts/sessions/"))
