"""The calendar of coverage: present, partly rejected, missing, and what is not expected at all."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from telemetry.coverage import Coverage, get_coverage
from telemetry.models import SourceFile, Telemetry
from tests.pages.rows import make_telemetry, sign_in, store_file

TODAY = date(2026, 5, 20)
HTMX = {"HX-Request": "true", "HX-Target": "coverage"}


@pytest.fixture
def telemetry(account) -> Telemetry:
    return make_telemetry(account)


def store(telemetry: Telemetry, *days: date, key: str = "1.csv", rejected: int = 0) -> None:
    file = store_file(telemetry, key, {day: {("a", "b"): "1"} for day in days})
    rows = len(days) + rejected
    SourceFile.objects.filter(pk=file.pk).update(rows_rejected=rejected, rows_read=rows)


def states(coverage: Coverage) -> dict[date, str]:
    days = [day for month in coverage.months for week in month.weeks for day in week if day]
    return {day.date: day.state.value for day in days if day.state != "outside"}


def test_a_day_is_present_partly_rejected_or_missing(telemetry):
    store(telemetry, date(2026, 5, 14), date(2026, 5, 16))
    store(telemetry, date(2026, 5, 17), key="2.csv", rejected=3)
    coverage = get_coverage(telemetry=telemetry, today=TODAY)
    assert states(coverage) == {
        date(2026, 5, 14): "present",
        date(2026, 5, 15): "missing",
        date(2026, 5, 16): "present",
        date(2026, 5, 17): "partial",
        date(2026, 5, 18): "missing",  # an export of two days ago is expected today
    }
    assert (coverage.present, coverage.partial, coverage.missing) == (2, 1, 2)


def test_an_inactive_telemetry_expects_nothing_more(telemetry):
    store(telemetry, date(2026, 5, 1))
    telemetry.status = "inactive"
    assert states(get_coverage(telemetry=telemetry, today=TODAY)) == {date(2026, 5, 1): "present"}


def test_three_months_are_shown_and_lead_to_the_others(telemetry):
    store(telemetry, date(2025, 11, 30), TODAY)
    newest = get_coverage(telemetry=telemetry, today=TODAY)
    assert [month.first.month for month in newest.months] == [5, 4, 3]
    assert (newest.earlier, newest.later) == (date(2026, 2, 1), None)
    before = get_coverage(telemetry=telemetry, today=TODAY, last_month=newest.earlier)
    assert [month.first.month for month in before.months] == [2, 1, 12]
    assert (before.earlier, before.later) == (date(2025, 11, 1), date(2026, 5, 1))
    oldest = get_coverage(telemetry=telemetry, today=TODAY, last_month=before.earlier)
    assert [month.first.month for month in oldest.months] == [11]
    assert (oldest.earlier, oldest.later) == (None, date(2026, 2, 1))
    assert states(oldest) == {date(2025, 11, 30): "present"}


@pytest.mark.parametrize("days", [(date.min, date.max), (date(2026, 5, 31), date(2026, 6, 1))])
def test_the_ends_of_time_have_a_calendar_too(telemetry, days):
    store(telemetry, *days)
    for last_month in (date.min, date.max):
        coverage = get_coverage(telemetry=telemetry, today=TODAY, last_month=last_month)
        assert "present" in states(coverage).values()


def test_without_data_there_is_no_calendar(telemetry):
    assert get_coverage(telemetry=telemetry, today=TODAY) is None


def test_every_cell_says_its_state_in_words_and_leads_to_its_day(account, telemetry):
    store(telemetry, date(2026, 5, 1), date(2026, 5, 3))
    store(telemetry, date(2026, 5, 4), key="2.csv", rejected=1)
    Telemetry.objects.update(status="inactive")
    page = sign_in(account, "viewer").get(f"/settings/telemetry/{telemetry.public_id}/").content.decode()
    words = re.sub(r"<[^>]+>", "", page)
    for text in ("1✓ May: present", "2✕ May: missing", "4! May: partly rejected", "Present: 2", "Missing: 1"):
        assert text in words
    assert page.count(f'href="/settings/telemetry/{telemetry.public_id}/days/2026-05-0') >= 3


@pytest.mark.parametrize("asked", ["2026-04", "x", "", "2026-13", "99999-01"])
def test_htmx_gets_the_calendar_alone_whatever_is_asked(account, telemetry, asked):
    store(telemetry, date(2026, 3, 1), date(2026, 4, 2))
    url = f"/settings/telemetry/{telemetry.public_id}/?months={asked}"
    part = sign_in(account, "viewer").get(url, headers=HTMX)
    assert part.status_code == 200
    assert b"<html" not in part.content
    assert b'id="coverage"' in part.content


def test_the_calendar_is_one_query_however_many_files(telemetry):
    for number in range(5):
        store(telemetry, date(2026, 5, 1) + timedelta(days=number), key=f"{number}.csv")
    with CaptureQueriesContext(connection) as queries:
        get_coverage(telemetry=telemetry, today=TODAY)
    assert len(queries) == 1
