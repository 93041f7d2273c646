"""Which days a telemetry has data of: a calendar, so that a gap is seen before a number is relied on."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dateutil.relativedelta import relativedelta
from django.db.models import Sum

from telemetry.freshness import EXPECTED_WITHIN
from telemetry.models import FileDay, Telemetry
from telemetry.newest import get_newest_date

MONTHS_SHOWN = 3


class DayState(StrEnum):
    """PARTIAL: a file that holds the day has rejected rows, of this day or another (docs/decisions/0016)."""

    PRESENT = "present"
    PARTIAL = "partial"
    MISSING = "missing"
    OUTSIDE = "outside"  # before the first date with data, or not expected yet


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    state: DayState

    @property
    def has_data(self) -> bool:
        return self.state in {DayState.PRESENT, DayState.PARTIAL}


@dataclass(frozen=True, slots=True)
class Month:
    """`weeks` of seven days from Monday; None where a week reaches into another month."""

    first: date
    weeks: list[list[Day | None]]

    def count(self, state: DayState) -> int:
        return sum(day is not None and day.state == state for week in self.weeks for day in week)


@dataclass(frozen=True, slots=True)
class Coverage:
    """`earlier` and `later` are months (their first days) to go on to, None where there is nothing to see."""

    months: list[Month]
    earlier: date | None
    later: date | None

    @property
    def present(self) -> int:
        return self._count(DayState.PRESENT)

    @property
    def partial(self) -> int:
        return self._count(DayState.PARTIAL)

    @property
    def missing(self) -> int:
        return self._count(DayState.MISSING)

    def _count(self, state: DayState) -> int:
        return sum(month.count(state) for month in self.months)


def get_coverage(*, telemetry: Telemetry, today: date, last_month: date | None = None) -> Coverage | None:
    """Three months up to that of `last_month`, newest first; None where the telemetry has no data.

    Data is expected from its first date on, and for an active telemetry until two days ago, as its freshness
    is judged: an export that has stopped shows as missing days. The calendar ends there too; `last_month` may
    be a later one, with dates after tomorrow.
    """
    if telemetry.data_from is None or telemetry.data_through is None:
        return None
    until = get_newest_date(telemetry=telemetry, today=today) or telemetry.data_from
    if telemetry.status == Telemetry.Status.ACTIVE:
        until = max(until, today - EXPECTED_WITHIN)
    newest = until.replace(day=1)
    oldest = telemetry.data_from.replace(day=1)
    latest = max(newest, telemetry.data_through.replace(day=1))
    shown = min(max((last_month or newest).replace(day=1), oldest), latest)
    firsts = _list_months(shown, oldest)
    rejected = _count_rejected_rows(telemetry, firsts[-1], shown + relativedelta(day=31))
    expected = (telemetry.data_from, until)
    return Coverage(
        months=[_make_month(first, rejected, expected) for first in firsts],
        earlier=min(firsts[-1] - relativedelta(months=1), newest) if firsts[-1] > oldest else None,
        later=_go_later(shown, newest) if shown < newest else None,
    )


def _list_months(newest: date, oldest: date) -> list[date]:
    """The first days of MONTHS_SHOWN months, newest first, fewer where `oldest` is near."""
    firsts = [newest]
    while len(firsts) < MONTHS_SHOWN and firsts[-1] > oldest:
        firsts.append(firsts[-1] - relativedelta(months=1))
    return firsts


def _go_later(shown: date, newest: date) -> date:
    months_left = (newest.year - shown.year) * 12 + newest.month - shown.month
    return shown + relativedelta(months=min(MONTHS_SHOWN, months_left))


def _count_rejected_rows(telemetry: Telemetry, first: date, last: date) -> dict[date, int]:
    """For each date with data: the rejected rows of the files that hold it."""
    days = FileDay.objects.filter(telemetry=telemetry, date__range=(first, last)).values("date")
    return dict(days.annotate(rejected=Sum("source_file__rows_rejected")).values_list("date", "rejected"))


def _make_month(first: date, rejected: Mapping[date, int], expected: tuple[date, date]) -> Month:
    def judge(day: date) -> Day:
        if day in rejected:
            return Day(day, DayState.PARTIAL if rejected[day] else DayState.PRESENT)
        return Day(day, DayState.MISSING if expected[0] <= day <= expected[1] else DayState.OUTSIDE)

    weeks = Calendar().monthdayscalendar(first.year, first.month)  # 0 where a day is another month's
    return Month(
        first, [[judge(first.replace(day=number)) if number else None for number in week] for week in weeks]
    )
