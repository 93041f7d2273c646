"""What a file adds up to, by date and by each dimension's values: known while it is read, for nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import polars as pl

from csvfiles.adding import EXACT, sum_by, to_exact
from csvfiles.combinations import COMBINATION, Values
from csvfiles.judge import DAY
from csvfiles.limits import Limits

OVERALL = 0  # the "dimension" of the totals over all of them; the others are counted from 1


class FileTotals:
    """Adds up the batches of a file, exactly, overall and by each of its dimensions."""

    def __init__(self, dimensions: Sequence[Values], limits: Limits) -> None:
        self.overall: dict[date, Decimal] = {}
        self.complete = True  # whether the totals by dimension are: not so for a file of very many values
        self._limits = limits
        self._by_dimension: dict[tuple[int, date], dict[str, Decimal]] = defaultdict(dict)
        self._dimensions = dimensions

    def add(self, points: pl.DataFrame) -> None:
        """A batch's points."""
        exact = to_exact(points)
        for day, value in sum_by(exact, DAY):
            self.overall[day] = EXACT.add(self.overall.get(day, Decimal(0)), value)
        for position, values in enumerate(self._dimensions, 1):
            if self.complete:
                self._add_dimension(position, values, exact)

    def list_totals(self, day: date, *, most_values: int) -> list[tuple[int, str, Decimal]]:
        """(dimension, its value, total) of a day; none of a dimension that has more than `most_values`."""
        totals = [(OVERALL, "", self.overall[day])]
        for position in range(1, len(self._dimensions) + 1):
            names = self._by_dimension[position, day]
            if len(names) <= most_values:
                totals += [(position, name, value) for name, value in names.items()]
        return totals

    def _add_dimension(self, position: int, values: Values, exact: pl.DataFrame) -> None:
        if values.too_many:
            self._give_up()
            return
        numbered = exact.with_columns(values.numbers.gather(exact[COMBINATION]).alias("name"))
        for day, number, value in sum_by(numbered, DAY, "name"):
            known, name = self._by_dimension[position, day], values.texts[number]
            known[name] = EXACT.add(known.get(name, Decimal(0)), value)
        if sum(map(len, self._by_dimension.values())) > self._limits.totals_kept:
            self._give_up()

    def _give_up(self) -> None:
        self.complete = False
        self._by_dimension.clear()
