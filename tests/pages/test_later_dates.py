"""One date of 2204 or 9999 makes no telemetry up to date: the newest date is not after tomorrow."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account
from core.dates import spell
from ingestion.coverage import get_coverage
from ingestion.freshness import judge_freshness
from ingestion.newest import get_later_dates, get_newest_date
from telemetry.models import Telemetry
from telemetry.newest import get_newest_range, list_newest_points
from tests.markup import squeeze
from tests.pages.rows import NOON, make_telemetry, sign_in, store_file

TODAY = NOON.date()
TOMORROW = TODAY + timedelta(days=1)
STALE = date(2024, 7, 10)  # 22 months before
FAR = (date(2204, 1, 1), date.max)


@pytest.fixture
def telemetry(account: Account) -> Telemetry:
    return make_telemetry(account)


@pytest.fixture
def client(account: Account) -> Client:
    return sign_in(account, "manager")


def store(telemetry: Telemetry, *days: date, key: str = "1.csv") -> None:
    store_file(telemetry, key, {day: {("a", "b"): "1"} for day in days})


def list_days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]


def get(client: Client, telemetry: Telemetry, rest: str = "") -> str:
    response = client.get(f"/settings/telemetry/{telemetry.public_id}/{rest}")
    assert response.status_code == 200
    return squeeze(response)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


@pytest.mark.parametrize("later", [FAR[:1], FAR[1:], FAR, (TOMORROW + timedelta(days=1),)])
def test_a_stale_telemetry_stays_late_whatever_lies_after_tomorrow(telemetry, later):
    store(telemetry, STALE, *later)
    judged = judge_freshness(source=telemetry, now=NOON)
    assert (judged.state, judged.why) == ("late", "Data through 10 Jul 2024 (679 days ago).")


def test_tomorrow_is_today_in_some_time_zone(telemetry):
    store(telemetry, STALE, TOMORROW, date.max)
    assert get_newest_date(source=telemetry, today=TODAY) == TOMORROW
    assert judge_freshness(source=telemetry, now=NOON).state == "up_to_date"


def test_a_date_that_was_to_come_counts_once_its_day_is_there_without_a_sync(telemetry):
    soon = TODAY + timedelta(days=10)
    store(telemetry, STALE, soon, date.max)
    for days, newest in ((10, STALE), (2, STALE), (1, soon), (0, soon)):
        today = soon - timedelta(days=days)
        assert get_newest_date(source=telemetry, today=today) == newest


def test_a_telemetry_of_later_dates_alone_is_late_and_still_shown(client, telemetry):
    store(telemetry, *FAR)
    judged = judge_freshness(source=telemetry, now=NOON)
    assert (judged.state, judged.why) == ("late", "Every date with data lies after tomorrow.")
    assert "2 dates lie after tomorrow" in words(get(client, telemetry))
    assert [point.date for point in list_newest_points(telemetry=telemetry, today=TODAY)] == [*FAR[::-1]]


def test_coverage_shows_the_days_that_are_missing_since(telemetry):
    store(telemetry, STALE, *FAR)
    coverage = get_coverage(source=telemetry, today=TODAY)
    assert [month.first for month in coverage.months] == [date(2026, month, 1) for month in (5, 4, 3)]
    assert (coverage.present, coverage.missing, coverage.later) == (0, 18 + 30 + 31, None)


def test_the_calendar_can_be_asked_for_the_months_after_tomorrow_and_leads_back(telemetry):
    store(telemetry, STALE, *FAR)
    coverage = get_coverage(source=telemetry, today=TODAY, last_month=FAR[0])
    assert coverage.months[0].first == FAR[0]
    assert (coverage.present, coverage.missing) == (1, 0)
    assert (coverage.earlier, coverage.later) == (date(2026, 5, 1), None)


def test_the_chart_and_the_newest_points_are_of_the_newest_dates_up_to_tomorrow(client, telemetry):
    days = list_days(STALE, 40)
    store(telemetry, *days, *FAR)
    assert get_newest_range(telemetry=telemetry, today=TODAY) == (days[10], days[-1])
    points = list_newest_points(telemetry=telemetry, today=TODAY)
    assert [point.date for point in points] == days[:-11:-1]
    page = get(client, telemetry)
    assert f"{spell(days[10])} to {spell(days[-1])}" in words(page)
    assert f'href="?to={days[-1]}"' in page
    assert f"{spell(STALE)} to {spell(days[-1])}" in words(get(client, telemetry, f"?from={STALE}"))


def test_the_page_warns_and_leads_to_where_the_later_dates_come_from(client, telemetry):
    assert "after tomorrow" not in get(client, telemetry)
    store(telemetry, STALE, FAR[0])
    page = get(client, telemetry)
    assert "1 date lies after tomorrow" in words(page)
    assert "Late" in words(page)
    address = f"/settings/telemetry/{telemetry.public_id}/days/2204-01-01/"
    assert f'href="{address}"' in page
    assert "1.csv" in squeeze(client.get(address))


def test_only_the_first_later_dates_are_named_and_all_are_counted(client, telemetry):
    days = list_days(FAR[0], 7)
    store(telemetry, STALE, *days)
    store(telemetry, *days[:2], key="2.csv")
    later = get_later_dates(source=telemetry, today=TODAY)
    assert (later.count, later.first) == (7, days[:5])
    assert "5 Jan 2204 and later ones" in words(get(client, telemetry))


@pytest.mark.parametrize(
    "query",
    [
        *("?from=9999-12-31", "?to=9999-12-31", "?from=0001-01-01", "?from=2204-01-01&to=9999-12-31"),
        *("?months=9999-12", "?months=0001-01", "?months=2204-01", "?from=9999-12-31&to=9999-12-31&by=team"),
        *("days/9999-12-31/", "days/0001-01-01/"),
    ],
)
def test_the_first_and_last_dates_have_pages(client, telemetry, query):
    store(telemetry, date.min, STALE, *FAR)
    get(client, telemetry, query)


def test_the_table_is_sorted_and_labelled_by_the_newest_date_up_to_tomorrow(client, account, telemetry):
    now = timezone.now().date()
    fresh, empty = make_telemetry(account, "fresh"), make_telemetry(account, "empty")
    store(telemetry, STALE, *FAR)
    store(fresh, now - timedelta(days=1))
    for sort, order in (("data_through", [telemetry, fresh]), ("-data_through", [fresh, telemetry])):
        page = client.get(f"/settings/telemetry/?sort={sort}").content.decode()
        names = re.findall(r'row-name"><a[^>]*>([^<]*)<', squeeze(page))
        assert names == [*(one.name for one in order), empty.name]
    text = words(page)
    assert "10 Jul 2024 and later dates" in text
    assert "9999" not in text


def test_the_table_stays_as_few_queries(client, account):
    with CaptureQueriesContext(connection) as without:
        client.get("/settings/telemetry/")
    for number in range(5):
        store(make_telemetry(account, f"metric{number}"), STALE, *FAR)
    with CaptureQueriesContext(connection) as few:
        client.get("/settings/telemetry/")
    for number in range(5, 15):
        store(make_telemetry(account, f"metric{number}"), STALE, *FAR)
    with CaptureQueriesContext(connection) as many:
        client.get("/settings/telemetry/")
    assert len(many) == len(few)
    assert len(few) <= len(without) + 4  # their dimensions, newest values, days without data, rejected rows


def test_list_telemetries_says_both_dates(account, telemetry):
    store(telemetry, STALE, date.max)
    out = StringIO()
    call_command("list_telemetries", account=account.slug, json=True, stdout=out)
    [listed] = json.loads(out.getvalue())["telemetries"]
    assert (listed["data_through"], listed["latest_date"]) == ("2024-07-10", "9999-12-31")
