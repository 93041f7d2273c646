from __future__ import annotations

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from telemetry.models import Telemetry
from telemetry.newest import list_newest_points
from telemetry.selectors import list_dimensions
from telemetry.services import update_telemetry
from telemetry.totals import REST_LABEL, get_totals
from tests.markup import squeeze
from tests.pages.rows import NOON, make_run, make_telemetry, sign_in, store_file

FIRST = date(2026, 4, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@pytest.fixture
def telemetry(account: Account) -> Telemetry:
    return make_telemetry(account)


@pytest.fixture
def client(account: Account) -> Client:
    return sign_in(account, "manager")


def url(telemetry: Telemetry, rest: str = "") -> str:
    return f"/settings/telemetry/{telemetry.public_id}/{rest}"


def get(client: Client, telemetry: Telemetry, rest: str = "") -> str:
    response = client.get(url(telemetry, rest))
    assert response.status_code == 200
    return squeeze(response)


def chart(page: str) -> dict:
    return json.loads(unescape(re.search(r'<div id="chart-data"[^>]*>(.*?)</div>', page)[1]))


def test_configuration_is_shown_in_words(client, telemetry):
    page = get(client, telemetry, "configuration/")
    for text in (
        "Main bucket",
        "s3://acme-metrics/exports/requests/",
        "yyyy-MM-dd",
        "team",
        "env",
        "The file modified last wins",
    ):
        assert text in page
    assert "There is no data yet" in get(client, telemetry)


def test_the_thirty_newest_dates_are_shown_with_every_digit(client, telemetry):
    values = {day(number): {("a", "b"): str(number)} for number in range(40)}
    values[day(39)] = {("a", "b"): "12345678901234567890.123456789"}
    store_file(telemetry, "1.csv", values)
    page = get(client, telemetry)
    assert "12,345,678,901,234,567,890.123456789" in page
    assert len(re.findall(r'title="Where this number comes from"', page)) == 30
    assert chart(page)["dates"][0] == day(10).isoformat()
    assert f'href="{url(telemetry)}days/{day(39)}/"' in page


def test_days_without_data_are_gaps_and_counted(client, telemetry):
    store_file(telemetry, "1.csv", {day(0): {("a", "b"): "1"}, day(2): {("a", "b"): "0"}})
    page = get(client, telemetry)
    assert chart(page)["layers"] == [{"label": "requests", "values": ["1", None, "0"]}]
    assert "1 day without data" in page
    assert page.count(">No data<") == 1


def test_a_range_is_followed_and_a_wrong_one_is_explained(client, telemetry):
    store_file(telemetry, "1.csv", {day(number): {("a", "b"): "1"} for number in range(10)})
    page = get(client, telemetry, f"?from={day(3)}&to={day(5)}")
    assert chart(page)["dates"] == [str(day(3)), str(day(4)), str(day(5))]
    assert "The range ends before it begins" in get(client, telemetry, f"?from={day(5)}&to={day(3)}")
    assert "longer than ten years" in get(client, telemetry, "?from=1900-01-01&to=2026-01-01")
    wrong = get(client, telemetry, "?from=yesterday")
    assert "<title>Error: " in wrong
    assert "give a date such as" in wrong
    assert "No date of this range has data" in get(client, telemetry, "?from=2030-01-01&to=2030-01-05")


@pytest.mark.parametrize(
    "query", ["?from=0001-01-01", "?to=9999-12-31", "?to=0001-01-01", "?from=9999-12-31"]
)
def test_an_open_range_never_draws_more_than_ten_years(client, telemetry, query):
    store_file(telemetry, "1.csv", {day(0): {("a", "b"): "1"}})
    page = get(client, telemetry, query)
    assert ("chart-data" in page) == (query == "?from=0001-01-01")
    if "chart-data" in page:
        assert len(chart(page)["dates"]) <= 3661


def test_stacks_are_the_ten_largest_values_and_the_rest_and_add_up(telemetry):
    store_file(
        telemetry,
        "1.csv",
        {
            day(0): {(f"team{n:02}", "prod"): f"{n}.000000000000000001" for n in range(13)},
            day(1): {("", "prod"): "9999999999999999999", ("team01", "prod"): "0.1"},
        },
    )
    team = telemetry.dimensions.get(column="team")
    totals = get_totals(telemetry=telemetry, date_from=day(0), date_to=day(1), dimension=team)
    labels = [stack.label for stack in totals.stacks]
    assert labels == ["(empty)", *(f"team{n:02}" for n in range(12, 3, -1)), REST_LABEL]
    for a_day in (day(0), day(1)):
        added = sum((stack.values.get(a_day, Decimal(0)) for stack in totals.stacks), Decimal(0))
        assert added == totals.overall.values[a_day]
    assert totals.days_unstacked == 0


@override_settings(DAILY_TOTALS_MAX_VALUES=2)
def test_a_date_with_too_many_values_stands_in_the_rest_and_the_page_says_so(client, telemetry):
    store_file(
        telemetry, "1.csv", {day(0): {(f"t{n}", "p"): "1" for n in range(3)}, day(1): {("t1", "p"): "5"}}
    )
    page = get(client, telemetry, "?by=team")
    assert chart(page)["layers"] == [
        {"label": "t1", "values": [None, "5"]},
        {"label": REST_LABEL, "values": ["3", "0"]},
    ]
    assert "On 1 day the dimension has too many values" in page


def test_the_page_says_by_what_its_freshness_is_judged(client, telemetry):
    assert "First sync at 02:00 UTC." in get(client, telemetry)


def test_the_newest_points_are_shown_with_their_dimension_values(client, telemetry):
    store_file(telemetry, "1.csv", {day(0): {("old", "x"): "1"}, day(1): {("007", ""): "2.50"}})
    page = get(client, telemetry)
    assert page.index("007") < page.index("old")
    assert "(empty)" in page


def test_the_newest_points_come_from_as_few_dates_as_hold_ten(telemetry):
    store_file(telemetry, "1.csv", {day(n): {(f"t{m}", "p"): "1" for m in range(4)} for n in range(9)})
    points = list_newest_points(telemetry=telemetry, today=day(30))
    assert [point.date for point in points] == [day(8)] * 4 + [day(7)] * 4 + [day(6)] * 2


def test_recent_runs_are_listed_with_their_counts(client, telemetry):
    run = make_run(telemetry, rows_read=12345, rows_rejected=45)
    page = get(client, telemetry)
    assert str(run.public_id) in page
    assert "12,345" in page
    assert "Succeeded with rejected rows" in page


def test_the_page_takes_a_fixed_number_of_queries(client, telemetry, django_assert_num_queries):
    store_file(telemetry, "1.csv", {day(0): {("a", "b"): "1"}})
    make_run(telemetry)
    with CaptureQueriesContext(connection) as few:
        get(client, telemetry)
    for number in range(8):
        later = {day(number + 1): {(f"t{n}", "b"): "1" for n in range(9)}}
        store_file(telemetry, f"{number}-2.csv", later)
        make_run(telemetry)
    with django_assert_num_queries(len(few)):
        get(client, telemetry)


def test_files_are_listed_with_state_reason_and_search(client, telemetry):
    store_file(telemetry, "good.csv", {day(0): {("a", "b"): "1"}})
    telemetry.source_files.create(
        key="bad.csv", etag="e", size=2048, last_modified=NOON, state="failed", message="The header is empty."
    )
    page = get(client, telemetry, "files/")
    assert "good.csv" in page
    assert "The header is empty." in page
    assert "1–2 of 2" in page
    failed = get(client, telemetry, "files/?state=failed")
    assert "good.csv" not in failed
    assert "bad.csv" not in get(client, telemetry, "files/?search=good")
    assert "No files found" in get(client, telemetry, "files/?search=zebra")


def test_htmx_gets_the_table_of_totals_alone(client, telemetry):
    store_file(telemetry, "1.csv", {day(0): {("a", "b"): "1"}})
    part = client.get(url(telemetry, "?page=1"), headers={"HX-Request": "true"}).content
    assert b"<html" not in part
    assert b'id="daily-totals"' in part


def test_name_and_description_can_be_edited_and_nothing_else(client, telemetry):
    response = client.post(
        url(telemetry, "edit/"),
        {"name": "New", "description": "Why", "identifier": "stolen", "prefix": "other"},
    )
    assert response.status_code == 302
    telemetry.refresh_from_db()
    assert (telemetry.name, telemetry.description) == ("New", "Why")
    assert (telemetry.identifier, telemetry.prefix) == ("requests", "requests/")
    assert "Enter a telemetry name" in squeeze(client.post(url(telemetry, "edit/"), {"name": " "}))


def test_deleting_takes_the_identifier_and_removes_the_data(client, telemetry):
    store_file(telemetry, "1.csv", {day(0): {("a", "b"): "1"}})
    refused = client.post(url(telemetry, "delete/"), {"identifier": "Requests"})
    assert "Type requests to delete" in squeeze(refused)
    assert Telemetry.objects.filter(pk=telemetry.pk).exists()
    assert client.post(url(telemetry, "delete/"), {"identifier": "requests"}).status_code == 302
    assert not Telemetry.objects.filter(pk=telemetry.pk).exists()


def edit_dimensions(client, telemetry, text):
    return client.post(url(telemetry, "edit/"), {"name": "A", "description": "", "dimensions": text})


def test_dimensions_can_be_edited_until_the_first_sync(client, telemetry):
    assert 'name="dimensions"' in get(client, telemetry, "edit/")
    assert edit_dimensions(client, telemetry, "team\r\n\r\n region \r\n").status_code == 302
    assert list_dimensions(telemetry=telemetry) == ["team", "region"]
    make_run(telemetry)
    assert 'name="dimensions"' not in get(client, telemetry, "edit/")
    edit_dimensions(client, telemetry, "other")
    assert list_dimensions(telemetry=telemetry) == ["team", "region"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("two words", "must not contain spaces"),
        ("requests", "requests is selected twice"),
        ("\n".join(f"c{number}" for number in range(11)), "Select at most 10 dimensions; these are 11."),
    ],
)
def test_dimensions_that_cannot_be_are_refused_at_the_field(client, telemetry, text, says):
    assert says in squeeze(edit_dimensions(client, telemetry, text))
    assert list_dimensions(telemetry=telemetry) == ["team", "env"]


def test_the_service_too_fixes_dimensions_at_the_first_sync(telemetry):
    make_run(telemetry)
    with pytest.raises(ValidationError, match="The first sync has begun"):
        update_telemetry(
            telemetry=telemetry, name="A", description="", max_rejected_percent=None, dimensions=["team"]
        )
