"""The data points of a date as its page shows them: grouped by a dimension with subtotals, and sorted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django import forms
from django.db import connection

from core.beginnings import Beginning, begin_sql, pair_beginnings
from core.rows import as_date, order_by_bytes, stream_rows
from core.snapshot import snapshot
from telemetry.daily_totals import dimension_sql
from telemetry.models import DailyTotal, Dimension, Telemetry
from telemetry.overlap import effective_of_range
from telemetry.shown import ShownPoint, cells_sql, join_series_sql

BY_NAME, LARGEST_FIRST, SMALLEST_FIRST = "", "-value", "value"
_DIRECTIONS = {LARGEST_FIRST: "DESC", SMALLEST_FIRST: "ASC"}


class DayForm(forms.Form):
    """`group`, the column of a dimension, and `sort`. What means nothing is left out."""

    sort = forms.ChoiceField(
        label="Order",
        required=False,
        choices=[
            (BY_NAME, "By dimension values"),
            (LARGEST_FIRST, "Largest first"),
            (SMALLEST_FIRST, "Smallest first"),
        ],
    )

    field_order = ("group", "sort")

    def __init__(self, *args: object, dimensions: Sequence[Dimension], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._dimensions = {dimension.column: dimension for dimension in dimensions}
        self.fields["group"] = forms.ChoiceField(
            label="Grouped by",
            required=False,
            choices=[("", "Nothing"), *((column, column) for column in self._dimensions)],
        )
        self.order_fields(self.field_order)
        self.is_valid()

    @property
    def dimension(self) -> Dimension | None:
        return self._dimensions.get(self.cleaned_data.get("group", ""))

    @property
    def order(self) -> str:
        return self.cleaned_data.get("sort", BY_NAME)


@dataclass(slots=True)
class Group:
    """Points of one value of the dimension, and what all of its points add up to; None where not known."""

    label: Beginning | None
    subtotal: Decimal | None
    points: list[ShownPoint] = field(default_factory=list)


@snapshot()
def list_groups(
    *, telemetry: Telemetry, day: date, by: Dimension | None, order: str, limit: int
) -> tuple[list[Group], bool]:
    """The first `limit` points of the date in groups (without `by` in one), and whether there are more."""
    rows = _read(telemetry, day, by, order, limit + 1)
    groups: list[Group] = []
    key = None
    for point, total_id, subtotal in rows[:limit]:
        label = point.dimensions[by.position - 1] if by else None
        # Values that begin alike are told apart by the row of their total, also where they come to the same.
        if not groups or (label, total_id) != key:
            groups.append(Group(label, subtotal))
            key = (label, total_id)
        groups[-1].points.append(point)
    return groups, len(rows) > limit


def _read(
    telemetry: Telemetry, day: date, by: Dimension | None, order: str, limit: int
) -> list[tuple[ShownPoint, int | None, Decimal | None]]:
    """Points, each with the row of its group's total and what that comes to.

    As telemetry.shown reads points: the few rows are chosen first, their lengths asked for then.
    """
    effective = effective_of_range(telemetry=telemetry, date_from=day, date_to=day)
    dimensions = [dimension_sql("s", dimension.position) for dimension in telemetry.dimensions.all()]
    total, join, params = ("NULL", "NULL"), "", []
    if by is not None:
        total, params = ("t.id", "t.value"), [telemetry.pk, by.position, day]
        join = f"""LEFT JOIN telemetry_dailytotal t ON t.telemetry_id = %s AND t.dimension = %s
            AND t.date = %s AND t.dimension_value = {dimension_sql("s", by.position)}"""
    sql = f"""
        SELECT e.date, e.value, e.total_id, e.subtotal {cells_sql(dimensions)} FROM (
            SELECT e.date, e.series_id, e.value, {total[0]} AS total_id, {total[1]} AS subtotal
            FROM ({effective.sql}) AS e {join_series_sql()} {join}
            ORDER BY {_order_sql(dimensions, by, order, *total)} LIMIT {int(limit)}
        ) AS e {join_series_sql()}
        ORDER BY {_order_sql(dimensions, by, order, "e.total_id", "e.subtotal")}"""
    return [
        (
            ShownPoint(as_date(at), tuple(pair_beginnings(rest)), Decimal(str(value))),
            row,
            _to_decimal(subtotal),
        )
        for at, value, row, subtotal, *rest in stream_rows(sql, [*effective.params, *params])
    ]


def _order_sql(
    dimensions: Sequence[str], by: Dimension | None, order: str, total_id: str, subtotal: str
) -> str:
    """Group by group: by what it comes to, or by its value; within it by value, or by dimension values."""
    starts = [order_by_bytes(begin_sql(dimension)) for dimension in dimensions]
    groups = [starts[by.position - 1], total_id] if by else []
    if order not in _DIRECTIONS:
        return ", ".join([*groups, *starts, "s.key"])
    direction = _DIRECTIONS[order]
    first = [f"{_as_number(subtotal)} {direction}"] if by else []
    return ", ".join([*first, *groups, f"{_as_number('e.value')} {direction}", *starts, "s.key"])


def get_neighbours(*, telemetry: Telemetry, day: date) -> tuple[date | None, date | None]:
    """The dates with data before and after."""
    days = DailyTotal.objects.filter(telemetry=telemetry, dimension=DailyTotal.OVERALL)
    before = days.filter(date__lt=day).order_by("-date").values_list("date", flat=True).first()
    return before, days.filter(date__gt=day).order_by("date").values_list("date", flat=True).first()


def _as_number(text: str) -> str:
    """SQLite keeps exact decimals as text, which sorts as text."""
    return f"CAST({text} AS REAL)" if connection.vendor == "sqlite" else text


def _to_decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
