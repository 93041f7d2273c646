from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from django.core.management import call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account
from core.downloads import neutralise, stream_csv
from telemetry.models import Telemetry
from tests.naughty import list_naughty_names
from tests.pages.rows import make_run, make_run_file, make_telemetry, reject_rows, sign_in, store_file

EVALUATED = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
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


def test_a_stacked_chart_comes_with_the_figures_of_its_table(client, telemetry):
    assert download(client, telemetry, f"totals.csv?from={ONE}&to={TWO}&by=@team") == [
        ["date", "requests", "007", "'=1+1", "a,b"],
        ["2026-05-01", "1002.5", "", "1000.5", "2"],
        ["2026-05-02", "12345678901234567890.1", "12345678901234567890.1", "", ""],
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


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\ta", "\ra", "\na", "＝1", "＋1", "－1", "＠a"])
def test_what_begins_like_a_formula_gets_an_apostrophe(text):
    assert neutralise(text) == "'" + text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("y;=cmd|' /C calc'!A0", "y;'=cmd|' /C calc'!A0"),
        ('y;"=1+1"', 'y;"\'=1+1"'),
        ("a,b|+1\t-2", "a,b|'+1\t'-2"),
        ("first\n@second", "first\n'@second"),
        ('"=1"', '"\'=1"'),
        ("；=1", "；=1"),
    ],
)
def test_what_would_begin_one_in_the_middle_gets_one_there(text, safe):
    assert neutralise(text) == safe


@given(
    rows=st.lists(st.lists(st.text(alphabet="=+-@＝ay1;,|\t\r\n\"' "), min_size=2, max_size=3), max_size=3),
    separator=st.sampled_from(",;|\t"),
)
def test_no_separator_that_a_spreadsheet_may_choose_makes_a_formula(rows, separator):
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerows([neutralise(cell) for cell in row] for row in rows)
    cells = [
        cell
        for row in csv.reader(io.StringIO(written.getvalue(), newline=""), delimiter=separator)
        for cell in row
    ]

    assert [cell for cell in cells if cell.lstrip("\t\r\n").startswith(EVALUATED)] == []


def test_every_cell_is_quoted(account, client, telemetry):
    response = client.get(f"/settings/telemetry/{telemetry.public_id}/points.csv")
    lines = b"".join(response.streaming_content).decode().splitlines()

    assert lines[0] == '"date","\'@team","requests"'
    assert lines[2] == '"2026-05-01","a,b","2"'


@pytest.mark.parametrize("text", ["", "a=1", "007", " =1", "'x", "a; b", "a,b", "1;2"])
def test_other_text_stays_as_it_is(text):
    assert neutralise(text) == text


def test_the_command_lines_export_stays_verbatim(account, telemetry):
    written = io.StringIO()
    call_command("export_telemetry", "requests", account=account.slug, stdout=written)
    assert written.getvalue().splitlines()[:2] == ["date,@team,requests", "2026-05-01,=1+1,1000.5"]


def name_of_download(filename: str) -> str:
    response = stream_csv(account_id=1, filename=filename, header=[], rows=[])
    response.close()
    return response["Content-Disposition"]


@pytest.mark.django_db  # a response that is closed looks after the connection
def test_a_files_name_is_a_header_and_no_path_whatever_the_identifier():
    for name in list_naughty_names():
        header = name_of_download(f"{name}-x.csv")
        assert re.fullmatch(r"""attachment; filename(="[^"\\/]+"|\*=utf-8''[\w%.~()+-]+)""", header)
        assert header.isascii()
        assert header.isprintable()


@pytest.mark.django_db  # a response that is closed looks after the connection
def test_a_name_that_can_be_a_files_name_is_kept():
    assert name_of_download("requests_2-x.csv") == 'attachment; filename="requests_2-x.csv"'
    assert "Gr%C3%B6%C3%9Fe" in name_of_download("Größe.csv")
