"""Adds up rows of one date and combination, exactly."""

from __future__ import annotations

from decimal import Context, Decimal, Inexact

import polars as pl

from csvfiles.combinations import COMBINATION
from csvfiles.errors import FileError
from csvfiles.judge import DAY, VALUE
from csvfiles.numbers import WHOLE_DIGITS, format_plain

_EXACT = Context(prec=100, traps=[Inexact])
_KEY = [DAY, COMBINATION]


def add_up(frame: pl.DataFrame) -> pl.DataFrame:
    """One row for each (day, combination), sorted by them; `value` is the exact sum as plain text.

    Raises FileError where a sum does not fit.
    """
    repeated = frame.select(pl.struct(_KEY).is_duplicated()).to_series()
    if not repeated.any():
        return frame.sort(_KEY)
    sums: dict[tuple, Decimal] = {}
    for day, combination, value in frame.filter(repeated).select(*_KEY, VALUE).iter_rows():
        key = (day, combination)
        sums[key] = _EXACT.add(sums[key], Decimal(value)) if key in sums else Decimal(value)
    _check_size(sums)
    added = pl.DataFrame(
        [(day, combination, format_plain(value)) for (day, combination), value in sums.items()],
        schema={DAY: pl.Date, COMBINATION: pl.Int64, VALUE: pl.String},
        orient="row",
    )
    return pl.concat([frame.filter(~repeated).select(*_KEY, VALUE), added]).sort(_KEY)


def _check_size(sums: dict[tuple, Decimal]) -> None:
    (day, _), largest = max(sums.items(), key=lambda item: item[1])
    if largest.adjusted() >= WHOLE_DIGITS:
        raise FileError(
            "sum_too_large",
            f"Rows of {day} add up to more than {WHOLE_DIGITS} digits.",
            "Check the metric's unit, or select a dimension that tells the rows apart.",
        )
