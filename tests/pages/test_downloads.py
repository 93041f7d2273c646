from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from django.test import Client

from accounts.downloads import neutralise
from accounts.models import Account
from telemetry.models import Telemetry
from tests.pages.rows import make_run, make_run_file, make_telemetry, reject_rows, sign_in, store_file

ONE, TWO = date(2026, 5, 1), date(2026, 5, 2)


@pytest.fixture
def telemetry(account: Account) -> Telemetry:
    telemetry = make_telemetry(account, dimensions=["@team"])
    days = {ONE: {("=1+1",): "1000.50", ("a,b",): "2"}, TWO: {("007",): "12345678901234567890.1"}}
    store_file(telemetry, "1.csv", days)
    return telemetry


@pytest.fixture
def client(account: Account) -> Client:
    return sign_in(account, "viewer")


def download(client: Client, telemetry: Telemetry, rest: str) -> list[list[str]]:
    response = client.get(f"/settings/telemetry/{telemetry.public_id}/{rest}")
    assert response.status_code == 200
    assert response.streaming
    assert "attachment" in response["Content-Disposition"]
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_daily_totals_come_oldest_first_with_every_digit(client, telemetry):
    assert download(client, telemetry, "totals.csv") == [
        ["date", "requests"],
        ["2026-05-01", "1002.5"],
        ["2026-05-02", "12345678901234567890.1"],
    ]


def test_points_come_with_text_that_no_spreadsheet_evaluates(client, telemetry):
    assert download(client, telemetry, "points.csv") == [
        ["date", "'@team", "requests"],
        ["2026-05-01", "'=1+1", "1000.5"],
        ["2026-05-01", "a,b", "2"],
        ["2026-05-02", "007", "12345678901234567890.1"],
    ]


def test_a_download_keeps_to_its_range(client, telemetry):
    assert download(client, telemetry, f"totals.csv?from={TWO}")[1:] == [
        ["2026-05-02", "12345678901234567890.1"]
    ]
    assert len(download(client, telemetry, f"points.csv?to={ONE}")) == 3


def test_a_range_that_is_none_is_refused_in_words(client, telemetry):
    response = client.get(f"/settings/telemetry/{telemetry.public_id}/totals.csv?from=x")
    assert response.status_code == 400
    assert b"give a date such as" in response.content


def test_a_telemetry_without_data_gives_the_header_alone(account, client):
    assert download(client, make_telemetry(account, "empty"), "totals.csv") == [["date", "empty"]]


def test_rejected_rows_come_with_file_row_number_reason_and_their_cells(client, telemetry):
    run = make_run(telemetry)
    file = make_run_file(run, "-odd.csv")
    cells = {"date": "01/05/2026", "@team": "\tx", "requests": "-4"}
    reject_rows(file, 1, reason="the metric is negative", cells=cells)
    assert download(client, telemetry, f"runs/{run.public_id}/rejected-rows.csv") == [
        ["file", "file state", "row", "reason", "date", "'@team", "requests"],
        ["'-odd.csv", "read", "2", "the metric is negative", "01/05/2026", "'\tx", "'-4"],
    ]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\ta", "\ra"])
def test_what_begins_like_a_formula_gets_an_apostrophe(text):
    assert neutralise(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=1", "007", " =1", "'x"])
def test_other_text_stays_as_it_is(text):
    assert neutralise(text) == text
