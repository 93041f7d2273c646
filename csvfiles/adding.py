"""Exact sums: of rows of one date and combination, and totals over them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Context, Decimal, Inexact
from typing import Any, cast

import polars as pl

from core.dates import spell
from core.decimals import plain
from csvfiles.combinations import COMBINATION
from csvfiles.errors import FileError
from csvfiles.judge import DAY, VALUE
from csvfiles.numbers import DIGITS, FRACTION_DIGITS, WHOLE_DIGITS, fits

EXACT = Context(prec=100, traps=[Inexact])
_KEY = [DAY, COMBINATION]
_PACKED = 2**32
SCALE = DIGITS - WHOLE_DIGITS  # places after the point that leave room for the largest values
_LONG_FRACTION = rf"\.[0-9]{{{SCALE + 1}}}"


def add_up(frame: pl.DataFrame) -> pl.DataFrame:
    """One row for each (day, combination), sorted by them; `value` is the exact sum as plain text.

    Raises FileError where a sum does not fit.
    """
    key = frame.select(pack(DAY, COMBINATION)).to_series()
    if not key.is_sorted():
        order = key.arg_sort()
        frame, key = frame[order], key.gather(order)
    again = key == key.shift(1)
    if not again.any():
        return frame
    repeated = (again | (key == key.shift(-1))).fill_null(False)
    sums = []
    for day, combination, value in _sum_by(to_exact(frame.filter(repeated)), *_KEY):
        if not fits(value):
            raise FileError(
                "sum_too_large",
                f"Rows of {spell(day)} add up to a value that does not fit {DIGITS} digits, {WHOLE_DIGITS} "
                "of them before the point.",
                "Check the metric's unit, or select a dimension that tells the rows apart.",
            )
        sums.append((day, combination, plain(value)))
    added = pl.DataFrame(sums, schema={DAY: pl.Date, COMBINATION: pl.Int64, VALUE: pl.String}, orient="row")
    return pl.concat([frame.filter(~repeated).select(*_KEY, VALUE), added]).sort(_KEY)


def only_date(days: pl.Series) -> date | None:
    """The one date of all these rows, as in an export of one day: then nothing needs to be grouped by it."""
    first = cast("date | None", days.min())
    return first if first is not None and first == days.max() else None


def count_by_day(days: pl.Series) -> dict[date, int]:
    """How many rows each date has."""
    if day := only_date(days):
        return {day: len(days)}
    return dict(days.value_counts().iter_rows())


def sum_by_day(exact: pl.DataFrame) -> dict[date, Decimal]:
    """The exact sum of each date of a frame of `to_exact`."""
    if exact.schema[VALUE] != pl.String and (day := only_date(exact[DAY])):
        return {day: cast("Decimal", exact[VALUE].sum())}
    return dict(_sum_by(exact, DAY))


def to_exact(frame: pl.DataFrame, *, scale: int = SCALE) -> pl.DataFrame:
    """The frame with `value`, plain text, as decimals of `scale` places or more; else as it is.

    It stays as it is where a sum may not fit the 38 digits of polars' decimals: those sums wrap.
    """
    values = frame[VALUE]
    longest = cast("int | None", values.str.len_bytes().max()) or 0
    if longest > SCALE + 2 and values.str.contains(_LONG_FRACTION).any():
        scale = FRACTION_DIGITS
    limit = float(limit_at(scale))
    below = 10.0**longest  # as many digits as the longest has characters
    if below * frame.height >= limit:
        below = cast("float", values.cast(pl.Float64).max())
    if below * frame.height < limit:
        return frame.with_columns(values.cast(pl.Decimal(DIGITS, scale)))
    return frame


def limit_at(scale: int) -> int:
    """What a decimal with so many places after the point must be below, for its digits to be enough."""
    return int(10 ** (DIGITS - scale))


def _sum_by(exact: pl.DataFrame, *keys: str) -> Iterator[tuple[Any, ...]]:
    """(*keys, exact sum of `value`) for the groups of a frame of `to_exact`, in no order."""
    if exact.schema[VALUE] != pl.String:
        yield from exact.group_by(keys).agg(pl.col(VALUE).sum()).iter_rows()
        return
    sums: dict[tuple[Any, ...], Decimal] = {}
    for *key, value in exact.select(*keys, VALUE).iter_rows():
        sums[tuple(key)] = EXACT.add(sums.get(tuple(key), Decimal(0)), Decimal(value))
    for group, total in sums.items():
        yield *group, total


def sum_by_number(exact: pl.DataFrame, number: str) -> pl.DataFrame:
    """Sums of decimals by `day` and a number below 2^32, in no order."""
    value = pl.col(VALUE).sum()
    if day := only_date(exact[DAY]):
        return exact.group_by(number).agg(value).select(pl.lit(day, dtype=pl.Date).alias(DAY), number, VALUE)
    # As one integer the two are grouped in half of the time.
    sums = exact.group_by(pack(DAY, number).alias("key")).agg(value)
    days = pl.col("key") // _PACKED
    return sums.select(
        days.cast(pl.Int32).cast(pl.Date).alias(DAY),
        (pl.col("key") - days * _PACKED).cast(exact.schema[number]).alias(number),
        VALUE,
    )


def pack(day: str, number: str) -> pl.Expr:
    """One integer for a date and a number below 2^32, in their order."""
    return pl.col(day).to_physical().cast(pl.Int64) * _PACKED + pl.col(number).cast(pl.Int64)
