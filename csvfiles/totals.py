"""What a file adds up to, by date and by each dimension's values: known while it is read, for nothing."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import polars as pl

from csvfiles.adding import EXACT, sum_by, to_exact
from csvfiles.combinations import COMBINATION, dimension_name
from csvfiles.judge import DAY
from csvfiles.limits import Limits

OVERALL = 0  # the "dimension" of the totals over all of them; the others are counted from 1


class FileTotals:
    """Adds up the batches of a file, exactly, overall and by each of its dimensions."""

    def __init__(self, dimensions: int, limits: Limits) -> None:
        self.overall: dict[date, Decimal] = {}
        self.complete = True  # whether the totals by dimension are: not so for a file of very many values
        self._limits = limits
        self._by_dimension: dict[tuple[int, date], dict[str, Decimal]] = defaultdict(dict)
        self._names = [_Names() for _ in range(dimensions)]

    def add(self, points: pl.DataFrame, new: pl.DataFrame) -> None:
        """A batch's points, and the combinations that are new in it."""
        exact = to_exact(points)
        for day, value in sum_by(exact, DAY):
            self.overall[day] = EXACT.add(self.overall.get(day, Decimal(0)), value)
        for position, names in enumerate(self._names, 1):
            if self.complete:
                names.extend(new[dimension_name(position)])
                self._add_dimension(position, names, exact)

    def list_totals(self, day: date, *, most_values: int) -> list[tuple[int, str, Decimal]]:
        """(dimension, its value, total) of a day; none of a dimension that has more than `most_values`."""
        totals = [(OVERALL, "", self.overall[day])]
        for position in range(1, len(self._names) + 1):
            names = self._by_dimension[position, day]
            if len(names) <= most_values:
                totals += [(position, name, value) for name, value in names.items()]
        return totals

    def _add_dimension(self, position: int, names: _Names, exact: pl.DataFrame) -> None:
        numbered = exact.with_columns(names.numbers.gather(exact[COMBINATION]).alias("name"))
        for day, number, value in sum_by(numbered, DAY, "name"):
            known, name = self._by_dimension[position, day], names.texts[number]
            known[name] = EXACT.add(known.get(name, Decimal(0)), value)
        if sum(map(len, self._by_dimension.values())) > self._limits.totals_kept:
            self.complete = False
            self._by_dimension.clear()
            self._names = [_Names() for _ in self._names]


class _Names:
    """The values of a dimension, numbered from 0 as they come."""

    def __init__(self) -> None:
        self.numbers = pl.Series([], dtype=pl.UInt32)  # by combination
        self.texts: list[str] = []
        self._known: dict[str, int] = {}

    def extend(self, names: pl.Series) -> None:
        """The dimension's values in combinations that are new."""
        if names.is_empty():
            return
        different = names.unique(maintain_order=True).to_list()
        for name in different:
            if name not in self._known:
                self._known[name] = len(self.texts)
                self.texts.append(name)
        numbers = [self._known[name] for name in different]
        self.numbers.extend(names.replace_strict(different, numbers, return_dtype=pl.UInt32))
