"""Totals of a file by date and by each dimension's values, computed while it is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from decimal import Decimal

import polars as pl

from csvfiles.adding import EXACT, SCALE, limit_at, sum_by_day, sum_by_number, to_exact
from csvfiles.combinations import COMBINATION, Values
from csvfiles.judge import DAY, VALUE
from csvfiles.limits import Limits
from csvfiles.numbers import DIGITS

OVERALL = 0  # the "dimension" of the totals over all of them; the others are counted from 1
NUMBER = "number"
_TOTALS = {"dimension": pl.Int16, "date": pl.Date, "dimension_value": pl.String, VALUE: pl.String}


class FileTotals:
    """Adds up the batches of a file, exactly, overall and by each of its dimensions.

    `incomplete`: the positions of dimensions whose totals are not known here, for their values are too many
    or their sums too large. Of the others, a date with more values than limits.totals_a_day has no totals,
    nor has one with a value longer than limits.total_value.
    """

    def __init__(self, dimensions: Sequence[Values], limits: Limits) -> None:
        self.overall: dict[date, Decimal] = {}
        self.incomplete: set[int] = set()
        self._dimensions = dict(enumerate(dimensions, 1))
        self._sums = {position: _Sums(limits) for position in self._dimensions}
        self._limits = limits
        self._scale = SCALE  # of the sums: it grows with the first value of more places

    def add(self, points: pl.DataFrame) -> None:
        """A batch's points."""
        exact = to_exact(points, scale=self._scale)
        sums = sum_by_day(exact)
        for day, value in sums.items():
            self.overall[day] = EXACT.add(self.overall.get(day, Decimal(0)), value)
        fits = self._make_fit(exact, sums)
        for position in self._dimensions.keys() - self.incomplete:
            if not fits or not self._add_dimension(position, exact):
                self._give_up(position)

    def list_totals(self, days: Collection[date]) -> pl.DataFrame:
        """The totals of some days: `dimension`, `date`, `dimension_value`, `value` (decimal text)."""
        overall = [(OVERALL, day, "", format(self.overall[day], "f")) for day in days]
        frames = [pl.DataFrame(overall, schema=_TOTALS, orient="row")]
        for position in sorted(self._dimensions.keys() - self.incomplete):
            sums = self._sums[position].get()
            if len(days) < len(self.overall):
                sums = sums.filter(pl.col(DAY).is_in(list(days)))
            texts = pl.Series(self._dimensions[position].texts, dtype=pl.String)
            is_long = texts.str.len_chars() > self._limits.total_value
            if is_long.any():
                with_long = sums.filter(is_long.gather(sums[NUMBER]))[DAY].unique()
                sums = sums.filter(~pl.col(DAY).is_in(with_long.to_list()))
            frames.append(
                sums.select(
                    pl.lit(position, dtype=pl.Int16).alias("dimension"),
                    pl.col(DAY).alias("date"),
                    texts.gather(sums[NUMBER]).alias("dimension_value"),
                    pl.col(VALUE).cast(pl.String),
                )
            )
        return pl.concat(frames)

    def _make_fit(self, exact: pl.DataFrame, days: Collection[date]) -> bool:
        """Whether sums by dimension fit polars' decimals, with as many places as these values have."""
        values = exact.schema[VALUE]
        if not isinstance(values, pl.Decimal):
            return False
        grows = values.scale > self._scale
        if any(self.overall[day] >= limit_at(values.scale) for day in (self.overall if grows else days)):
            return False
        if grows:
            self._scale = values.scale
            for sums in self._sums.values():
                sums.rescale(values.scale)
        return True

    def _add_dimension(self, position: int, exact: pl.DataFrame) -> bool:
        """False where its values are too many to be kept."""
        values, sums = self._dimensions[position], self._sums[position]
        if values.too_many:
            return False
        numbers = values.numbers.gather(exact[COMBINATION]).alias(NUMBER)
        sums.add(sum_by_number(pl.DataFrame([exact[DAY], numbers, exact[VALUE]]), NUMBER))
        return sums.height <= self._limits.totals_kept or sums.get().height <= self._limits.totals_kept

    def _give_up(self, position: int) -> None:
        self.incomplete.add(position)
        del self._sums[position]


class _Sums:
    """Sums by date and a value's number: `day`, `number`, `value`; added up now and then."""

    def __init__(self, limits: Limits) -> None:
        self._most, self._at_a_time = limits.totals_a_day, limits.batch_points
        schema: dict[str, pl.DataType | type[pl.DataType]]
        schema = {DAY: pl.Date, NUMBER: pl.UInt32, VALUE: pl.Decimal(DIGITS, SCALE)}
        self._sums = pl.DataFrame(schema=schema)
        self._apart: list[pl.DataFrame] = []  # those that are not added up with the others yet
        self._over: list[date] = []  # dates of more values than are kept
        self.height = 0

    def add(self, sums: pl.DataFrame) -> None:
        """A batch's: each date and number once."""
        self._apart.append(sums)
        self.height += sums.height
        if self.height - self._sums.height > max(10_000, self._sums.height):
            self.get()

    def get(self) -> pl.DataFrame:
        """One row for each date and number, of the dates that do not have too many."""
        if self._apart:
            self._add_up()
            self._drop_dates_of_too_many()
            self.height = self._sums.height
        return self._sums

    def rescale(self, scale: int) -> None:
        """Let the sums have so many places after the point, which they must fit."""
        value = pl.col(VALUE).cast(pl.Decimal(DIGITS, scale))
        self._sums = self._sums.with_columns(value)
        self._apart = [frame.with_columns(value) for frame in self._apart]

    def _add_up(self) -> None:
        parts = [frame for frame in (self._sums, *self._apart) if frame.height]
        self._apart = []
        if len(parts) == 1:  # a small file's
            self._sums = parts[0]
        elif parts:
            apart = pl.concat(parts)
            grouped = [
                apart.filter(pl.col(DAY).is_between(first, last))
                .group_by(DAY, NUMBER)
                .agg(pl.col(VALUE).sum())
                for first, last in _divide(apart[DAY], self._at_a_time)
            ]
            self._sums = pl.concat(grouped)

    def _drop_dates_of_too_many(self) -> None:
        if self._sums.height > self._most:
            counts = self._sums.group_by(DAY).len()
            self._over += counts.filter(pl.col("len") > self._most)[DAY].to_list()
        if self._over:
            self._sums = self._sums.filter(~pl.col(DAY).is_in(self._over))


def _divide(days: pl.Series, rows_each: int) -> Iterator[tuple[date, date]]:
    """First and last dates of ranges that hold all of these rows, about so many each: what is grouped takes
    several times the memory of what is kept.
    """
    first, rows = None, 0
    for day, count in days.value_counts().sort(days.name).iter_rows():
        first, rows = first or day, rows + count
        if rows >= rows_each:
            yield first, day
            first, rows = None, 0
    if first is not None:
        yield first, day
