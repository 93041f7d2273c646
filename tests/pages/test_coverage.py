"""The calendar of coverage: present, partly rejected, missing, and what is not expected at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ingestion.coverage import Coverage, Rejects, get_coverage
from ingestion.gaps import Gaps, count_gaps
from ingestion.models import RejectedDay, SourceFile
from telemetry.models import Telemetry
from tests.markup import squeeze
from tests.pages.rows import make_telemetry, sign_in, store_file

TODAY = date(2026, 5, 20)
HTMX = {"HX-Request": "true", "HX-Target": "coverage"}


@pytest.fixture
def telemetry(account) -> Telemetry:
    return make_telemetry(account)


def store(telemetry: Telemetry, *days: date, key: str = "1.csv", rejected: Sequence[date | str] = ()) -> None:
    """`rejected`: the dates of further rows, one each, whose metric is none."""
    rows = {day: {("a", "b"): "1"} for day in days}
    for day in rejected:
        rows.setdefault(day, {})[("bad", "b")] = "x"
    store_file(telemetry, key, rows)


def states(coverage: Coverage) -> dict[date, str]:
    days = [day for month in coverage.months for week in month.weeks for day in week if day]
    return {day.date: day.state.value for day in days if day.state != "outside"}


def test_a_day_is_present_partly_rejected_or_missing(telemetry):
    store(telemetry, date(2026, 5, 14), date(2026, 5, 16))
    store(telemetry, date(2026, 5, 17), key="2.csv", rejected=[date(2026, 5, 17)])
    coverage = get_coverage(source=telemetry, today=TODAY)
    assert states(coverage) == {
        date(2026, 5, 14): "present",
        date(2026, 5, 15): "missing",
        date(2026, 5, 16): "present",
        date(2026, 5, 17): "partial",
        date(2026, 5, 18): "missing",  # an export of two days ago is expected today
    }
    assert (coverage.present, coverage.partial, coverage.missing) == (2, 1, 2)


def test_a_rejected_row_marks_its_own_date_and_not_all_of_its_file(telemetry):
    good = [date(2026, 5, day) for day in (16, 17, 18)]
    store(telemetry, *good, rejected=[good[1], date(2026, 5, 15), "no date"])
    coverage = get_coverage(source=telemetry, today=TODAY)
    assert states(coverage) == {
        date(2026, 5, 15): "rejected",  # the one row that it has
        good[0]: "present",
        good[1]: "partial",
        good[2]: "present",
    }
    assert coverage.rejects == Rejects(undated=1, files=0)


def test_what_an_earlier_release_read_marks_all_its_days_until_it_is_read_again(account, telemetry):
    store(telemetry, date(2026, 5, 17), date(2026, 5, 18), rejected=[date(2026, 5, 18)])
    RejectedDay.objects.all().delete()
    SourceFile.objects.update(rejected_undated=None)
    coverage = get_coverage(source=telemetry, today=TODAY)
    assert states(coverage) == {date(2026, 5, 17): "partial", date(2026, 5, 18): "partial"}
    assert coverage.rejects == Rejects(undated=0, files=1)
    page = squeeze(sign_in(account, "viewer").get(f"/settings/telemetry/{telemetry.public_id}/"))
    assert "1 file was read by an earlier release" in page
    store(telemetry, date(2026, 5, 17), date(2026, 5, 18))
    assert states(get_coverage(source=telemetry, today=TODAY))[date(2026, 5, 18)] == "present"
    assert not RejectedDay.objects.exists()


def test_a_recent_date_is_not_all_that_freshness_says(account, telemetry):
    today = timezone.now().date()
    days = [today - timedelta(days=back) for back in (1, 2, 6)]  # 3, 4 and 5 days ago nothing
    store(telemetry, *days, today - timedelta(days=400), rejected=[days[0], "no date"])
    whole = make_telemetry(account, "whole")
    store(whole, *days[:2], key="whole.csv")
    gaps = count_gaps(sources=[telemetry, whole], today=today)
    assert gaps == {telemetry.pk: Gaps(missing=86, rejected=2), whole.pk: Gaps()}
    client = sign_in(account, "viewer")
    for url in ("/settings/telemetry/", f"/settings/telemetry/{telemetry.public_id}/"):
        page = squeeze(client.get(url))
        assert "86 days missing" in page
        assert page.count("2 rows rejected") == 1
    assert "86 of the last 90 days have no data." in page
    assert "days missing" not in squeeze(client.get(f"/settings/telemetry/{whole.public_id}/"))


def test_the_counts_name_the_months_that_they_cover(account, telemetry):
    store(telemetry, date(2026, 1, 31), date(2026, 3, 1))
    Telemetry.objects.update(status="inactive")
    client = sign_in(account, "viewer")
    url = f"/settings/telemetry/{telemetry.public_id}/"
    assert "January 2026 to March 2026:" in squeeze(client.get(url))
    assert ">January 2026:" in squeeze(client.get(f"{url}?months=2026-01"))


def test_an_inactive_telemetry_expects_nothing_more(telemetry):
    store(telemetry, date(2026, 5, 1))
    telemetry.status = "inactive"
    assert states(get_coverage(source=telemetry, today=TODAY)) == {date(2026, 5, 1): "present"}


def test_three_months_are_shown_and_lead_to_the_others(telemetry):
    store(telemetry, date(2025, 11, 30), TODAY)
    newest = get_coverage(source=telemetry, today=TODAY)
    assert [month.first.month for month in newest.months] == [5, 4, 3]
    assert (newest.earlier, newest.later) == (date(2026, 2, 1), None)
    before = get_coverage(source=telemetry, today=TODAY, last_month=newest.earlier)
    assert [month.first.month for month in before.months] == [2, 1, 12]
    assert (before.earlier, before.later) == (date(2025, 11, 1), date(2026, 5, 1))
    oldest = get_coverage(source=telemetry, today=TODAY, last_month=before.earlier)
    assert [month.first.month for month in oldest.months] == [11]
    assert (oldest.earlier, oldest.later) == (None, date(2026, 2, 1))
    assert states(oldest) == {date(2025, 11, 30): "present"}


@pytest.mark.parametrize("days", [(date.min, date.max), (date(2026, 5, 31), date(2026, 6, 1))])
def test_the_first_and_last_dates_have_a_calendar(telemetry, days):
    store(telemetry, *days)
    for last_month in (date.min, date.max):
        coverage = get_coverage(source=telemetry, today=TODAY, last_month=last_month)
        assert "present" in states(coverage).values()


def test_without_data_there_is_no_calendar(telemetry):
    assert get_coverage(source=telemetry, today=TODAY) is None


def test_every_cell_says_its_state_in_words_and_leads_to_its_day(account, telemetry):
    store(telemetry, date(2026, 5, 1), date(2026, 5, 3))
    store(telemetry, date(2026, 5, 4), key="2.csv", rejected=[date(2026, 5, 4)])
    Telemetry.objects.update(status="inactive")
    page = squeeze(sign_in(account, "viewer").get(f"/settings/telemetry/{telemetry.public_id}/"))
    words = re.sub(r"<[^>]+>", "", page)
    for text in (
        "1✓ May: present",
        "2✕ May: missing",
        "4! May: partly rejected, 1 row",
        "May 2026:",
        "Present: 2",
        "Missing: 1",
    ):
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


def test_the_calendar_takes_three_queries_however_many_files(telemetry):
    for number in range(5):
        store(telemetry, date(2026, 5, 1) + timedelta(days=number), key=f"{number}.csv")
    with CaptureQueriesContext(connection) as queries:
        get_coverage(source=telemetry, today=TODAY)
    assert len(queries) == 3
