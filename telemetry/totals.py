"""A telemetry's daily totals over a range of dates, as a chart and its table show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Context, Decimal

from django.db.models import QuerySet, Sum

from core.beginnings import LONGEST_SHOWN
from core.decimals import plain
from core.snapshot import snapshot
from telemetry.models import DailyTotal, Dimension, Telemetry
from telemetry.selectors import list_daily_totals

TOP_VALUES = 10
REST_LABEL = "All other values"
_EXACT = Context(prec=100)  # totals have up to 56 digits; the default rounds at 28


@dataclass(slots=True)
class Stack:
    """One layer of the chart: a dimension value, the rest, or the total. Dates without data are not in it."""

    label: str
    values: dict[date, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Totals:
    """`overall` is what counts on each date; `stacks` add up to it, none where nothing is stacked."""

    date_from: date
    date_to: date
    overall: Stack
    stacks: list[Stack]
    days_unstacked: int = 0

    @property
    def days(self) -> list[date]:
        """Every day of the range, newest first, with data or without; none where no day has data."""
        return list(_days(self.date_from, self.date_to))[::-1] if self.overall.values else []

    @property
    def days_missing(self) -> int:
        return (self.date_to - self.date_from).days + 1 - len(self.overall.values)

    def chart(self) -> dict[str, list]:
        """For the chart: every day of the range; values as exact text, None where there is no data."""
        days = list(_days(self.date_from, self.date_to))
        layers = self.stacks or [self.overall]
        return {
            "dates": [day.isoformat() for day in days],
            "totals": [
                plain(self.overall.values[day]) if day in self.overall.values else None for day in days
            ],
            "layers": [
                {
                    "label": layer.label[:LONGEST_SHOWN],
                    "values": [plain(layer.values[day]) if day in layer.values else None for day in days],
                }
                for layer in layers
            ],
        }


@snapshot()
def get_totals(
    *, telemetry: Telemetry, date_from: date, date_to: date, dimension: Dimension | None = None
) -> Totals:
    """The totals of the range, stacked by the ten largest values of `dimension` and the rest."""
    days = list_daily_totals(telemetry=telemetry, date_from=date_from, date_to=date_to)
    overall = Stack(telemetry.identifier, {total.date: total.value for total in days})
    if dimension is None:
        return Totals(date_from, date_to, overall, stacks=[])
    by_value = DailyTotal.objects.filter(
        telemetry=telemetry, dimension=dimension.position, date__range=(date_from, date_to)
    )
    stacked = by_value.values("date").distinct().count()
    return Totals(date_from, date_to, overall, _stack(by_value, overall), len(overall.values) - stacked)


def _stack(by_value: QuerySet[DailyTotal], overall: Stack) -> list[Stack]:
    """The database picks the largest values, and the rest is what they leave: a day may have thousands.

    Dates with too many values for daily totals stand in the rest as a whole (`Totals.days_unstacked`):
    adding up millions of points is no work for a page.
    """
    top = list(
        by_value.values("dimension_value")
        .annotate(weight=Sum("value"))  # as a number on SQLite, where an exact sum is text and sorts as text
        .order_by("-weight", "dimension_value")
        .values_list("dimension_value", flat=True)[:TOP_VALUES]
    )
    stacks = {value: Stack(value or "(empty)") for value in top}
    rest = Stack(REST_LABEL, dict(overall.values))
    shown = by_value.filter(dimension_value__in=top).values_list("dimension_value", "date", "value")
    for name, day, value in shown.iterator():
        stacks[name].values[day] = value
        rest.values[day] = _EXACT.subtract(rest.values[day], value)
    return [*stacks.values(), *([rest] if any(rest.values.values()) else [])]


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
