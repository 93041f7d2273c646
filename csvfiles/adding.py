"""Adding up, exactly: rows of one date and combination, and totals over them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal, Inexact

import polars as pl

from csvfiles.combinations import COMBINATION
from csvfiles.errors import FileError
from csvfiles.judge import DAY, VALUE
from csvfiles.numbers import FRACTION_DIGITS, WHOLE_DIGITS, format_plain

EXACT = Context(prec=100, traps=[Inexact])
_KEY = [DAY, COMBINATION]
_LIMIT = Decimal(10) ** WHOLE_DIGITS


def add_up(frame: pl.DataFrame) -> pl.DataFrame:
    """One row for each (day, combination), sorted by them; `value` is the exact sum as plain text.

    Raises FileError where a sum does not fit.
    """
    repeated = frame.select(pl.struct(_KEY).is_duplicated()).to_series()
    if not repeated.any():
        return frame.sort(_KEY)
    sums = []
    for day, combination, value in sum_by(frame.filter(repeated), *_KEY):
        if value >= _LIMIT:
            raise FileError(
                "sum_too_large",
                f"Rows of {day} add up to more than {WHOLE_DIGITS} digits.",
                "Check the metric's unit, or select a dimension that tells the rows apart.",
            )
        sums.append((day, combination, format_plain(value)))
    added = pl.DataFrame(sums, schema={DAY: pl.Date, COMBINATION: pl.Int64, VALUE: pl.String}, orient="row")
    return pl.concat([frame.filter(~repeated).select(*_KEY, VALUE), added]).sort(_KEY)


def sum_by(frame: pl.DataFrame, *keys: str) -> Iterator[tuple]:
    """(*keys, exact sum of `value`) for the frame's groups, in no order. `value` is plain text that fits."""
    largest = frame[VALUE].cast(pl.Float64).max() or 0
    if largest * frame.height < float(_LIMIT):
        exact = pl.col(VALUE).cast(pl.Decimal(38, FRACTION_DIGITS))
        yield from frame.group_by(keys).agg(exact.sum()).iter_rows()
        return
    # The 38 digits of polars' decimals might not be enough, and where they are not its sums wrap in silence.
    sums: dict[tuple, Decimal] = {}
    for *key, value in frame.select(*keys, VALUE).iter_rows():
        sums[tuple(key)] = EXACT.add(sums.get(tuple(key), Decimal(0)), Decimal(value))
    for key, value in sums.items():
        yield *key, value
