"""What a file adds up to, by date and by each dimension's values: known while it is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import polars as pl
from django.conf import settings

from csvfiles.adding import EXACT, sum_by
from telemetry.models import DailyTotal

_MOST_NAMES = 100_000  # kept in memory for a file; beyond them the database adds up

Names = dict[str, Decimal]


class FileTotals:
    """Adds up the batches of a file, exactly, overall and by each of its dimensions."""

    def __init__(self) -> None:
        self.overall: dict[date, Decimal] = {}
        self.complete = True  # whether `by_dimension` holds everything
        self._by_dimension: dict[tuple[int, date], Names] = defaultdict(dict)
        self._names: list[list[str]] = []  # of each dimension, by the number of the combination

    def add(self, points: pl.DataFrame, new: Sequence[tuple[str, ...]]) -> None:
        """A batch of `day`, `combination`, `value`, and the combinations that are new in it."""
        if new and not self._names:
            self._names = [[] for _ in new[0]]
        for names, values in zip(self._names, zip(*new, strict=True), strict=False):
            names += values
        for day, value in sum_by(points, "day"):
            self.overall[day] = EXACT.add(self.overall.get(day, Decimal(0)), value)
        for position, names in enumerate(self._names, 1):
            if self.complete:
                self._add_dimension(position, points, pl.Series(names, dtype=pl.String))

    def list_totals(self, day: date) -> list[tuple[int, str, Decimal]]:
        """(dimension, value of the dimension, total) of a day, but for dimensions of too many values."""
        totals = [(DailyTotal.OVERALL, "", self.overall[day])]
        for position in range(1, len(self._names) + 1):
            names = self._by_dimension[position, day]
            if len(names) <= settings.DAILY_TOTALS_MAX_VALUES:
                totals += [(position, name, value) for name, value in names.items()]
        return totals

    def _add_dimension(self, position: int, points: pl.DataFrame, names: pl.Series) -> None:
        named = points.with_columns(names.gather(points["combination"]).alias("name"))
        for day, name, value in sum_by(named, "day", "name"):
            known = self._by_dimension[position, day]
            # One name over the limit is enough to know that there are too many.
            if name in known or len(known) <= settings.DAILY_TOTALS_MAX_VALUES:
                known[name] = EXACT.add(known.get(name, Decimal(0)), value)
        if sum(map(len, self._by_dimension.values())) > _MOST_NAMES:
            self.complete = False
