"""Which days a source has data of: a calendar, so that a gap is seen before a number is relied on."""

from __future__ import annotations

from calendar import Calendar
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Q, Sum

from ingestion.freshness import EXPECTED_WITHIN
from ingestion.models import FileDay, RejectedDay, Source, SourceFile
from ingestion.newest import get_newest_date

MONTHS_SHOWN = 3


class DayState(StrEnum):
    """PARTIAL: some rows of the day were rejected. REJECTED: all were (docs/decisions/0016)."""

    PRESENT = "present"
    PARTIAL = "partial"
    REJECTED = "rejected"
    MISSING = "missing"
    OUTSIDE = "outside"  # before the first date with data, or not expected yet


@dataclass(frozen=True, slots=True)
class Day:
    """`rejected`: rows of the day; 0 of a PARTIAL one where an earlier release has read its files."""

    date: date
    state: DayState
    rejected: int = 0

    @property
    def has_data(self) -> bool:
        return self.state in {DayState.PRESENT, DayState.PARTIAL}


@dataclass(frozen=True, slots=True)
class Rejects:
    """Rejected rows of the stored files that no day can be marked for: `undated` of them have no date that
    can be read, and those of `files` were not counted by date (an earlier release has read them).
    """

    undated: int
    files: int


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
    rejects: Rejects

    @property
    def first_month(self) -> date:
        return self.months[-1].first

    @property
    def last_month(self) -> date:
        return self.months[0].first

    @property
    def present(self) -> int:
        return self._count(DayState.PRESENT)

    @property
    def partial(self) -> int:
        return self._count(DayState.PARTIAL)

    @property
    def rejected(self) -> int:
        return self._count(DayState.REJECTED)

    @property
    def missing(self) -> int:
        return self._count(DayState.MISSING)

    def _count(self, state: DayState) -> int:
        return sum(month.count(state) for month in self.months)


def get_coverage(*, source: Source, today: date, last_month: date | None = None) -> Coverage | None:
    """Three months up to that of `last_month`, newest first; None where the source has no data.

    Data is expected from its first date on, and for an active source until two days ago, as its freshness
    is judged: an export that has stopped shows as missing days. The calendar ends there too; `last_month` may
    be a later one, with dates after tomorrow.
    """
    if source.data_from is None or source.data_through is None:
        return None
    until = get_newest_date(source=source, today=today) or source.data_from
    if source.status == Source.Status.ACTIVE:
        until = max(until, today - EXPECTED_WITHIN)
    newest = until.replace(day=1)
    oldest = source.data_from.replace(day=1)
    latest = max(newest, source.data_through.replace(day=1))
    shown = min(max((last_month or newest).replace(day=1), oldest), latest)
    firsts = _list_months(shown, oldest)
    days = _Days(source, firsts[-1], shown + relativedelta(day=31), expected=(source.data_from, until))
    return Coverage(
        months=[_make_month(first, days) for first in firsts],
        earlier=min(firsts[-1] - relativedelta(months=1), newest) if firsts[-1] > oldest else None,
        later=_go_later(shown, newest) if shown < newest else None,
        rejects=_count_undated(source),
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


class _Days:
    """What is known of each date of a range: whether it has data, and how many of its rows were rejected."""

    def __init__(self, source: Source, first: date, last: date, *, expected: tuple[date, date]) -> None:
        held = FileDay.objects.filter(source=source, date__range=(first, last)).values("date")
        is_uncounted = Q(source_file__rejected_undated=None, source_file__rows_rejected__gt=0)
        self._held = dict(held.annotate(files=Count("pk", filter=is_uncounted)).values_list("date", "files"))
        rejected = RejectedDay.objects.filter(source=source, date__range=(first, last)).values("date")
        self._rejected = dict(rejected.annotate(count=Sum("rows")).values_list("date", "count"))
        self._first, self._last = expected

    def judge(self, day: date) -> Day:
        rejected = self._rejected.get(day, 0)
        if day in self._held:
            is_partial = rejected or self._held[day]
            return Day(day, DayState.PARTIAL if is_partial else DayState.PRESENT, rejected)
        if rejected:
            return Day(day, DayState.REJECTED, rejected)
        return Day(day, DayState.MISSING if self._first <= day <= self._last else DayState.OUTSIDE)


def _count_undated(source: Source) -> Rejects:
    with_rejects = source.source_files.filter(state=SourceFile.State.STORED, rows_rejected__gt=0)
    found = with_rejects.aggregate(
        undated=Sum("rejected_undated"), files=Count("pk", filter=Q(rejected_undated=None))
    )
    return Rejects(found["undated"] or 0, found["files"])


def _make_month(first: date, days: _Days) -> Month:
    weeks = Calendar().monthdayscalendar(first.year, first.month)  # 0 where a day is another month's
    judged = [
        [days.judge(first.replace(day=number)) if number else None for number in week] for week in weeks
    ]
    return Month(first, judged)
