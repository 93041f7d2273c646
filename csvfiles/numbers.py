"""What a metric is: a decimal number of at least zero of at most 38 digits, 20 before and 30 after the point.

The shortest form of any double between 1e-13 and 1e20 fits: exporters write those.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation, Overflow

from core.decimals import plain

DIGITS, WHOLE_DIGITS, FRACTION_DIGITS = 38, 20, 30

# A cell of this shape is its own plain text, and fits: accepted as it is, by the vectorised reader too.
_SHORT, _LONG = DIGITS - WHOLE_DIGITS, DIGITS - FRACTION_DIGITS
PLAIN = (
    rf"[0-9]{{1,{WHOLE_DIGITS}}}(?:\.[0-9]{{1,{_SHORT}}})?"
    rf"|[0-9]{{1,{_LONG}}}\.[0-9]{{1,{FRACTION_DIGITS}}}"
)

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_EXPONENT = re.compile(r"[eE].*")
_DIGIT = re.compile(r"[1-9]")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[,' ._\u00a0\u202f][0-9]{3})+(?:[.,][0-9]+)?")
_WITH_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
_WORDS = {"nan": "the metric is NaN", "inf": "the metric is infinite", "infinity": "the metric is infinite"}


class NotAMetric(Exception):
    """The cell is not a metric; `reason` says why, worded so that equal mistakes group."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_metric(cell: str) -> Decimal:
    """The exact value of `cell`. Raises NotAMetric. Scientific notation is a number; zero is one too.

    `float`, `int` and `Decimal` alone would also take `1_000`, `١٢`, `NaN` and spaces: hence the pattern.
    """
    if _NUMBER.fullmatch(cell) is None:
        raise NotAMetric(_describe(cell))
    if not _DIGIT.search(_EXPONENT.sub("", cell)):
        return Decimal(0)
    try:
        value = Decimal(cell)
    except (InvalidOperation, Overflow):  # an exponent beyond all bounds
        raise NotAMetric(_TOO_LONG) from None
    if value < 0:
        raise NotAMetric("the metric is negative")
    if not fits(value):
        raise NotAMetric(_TOO_LONG)
    return value


_TOO_LONG = (
    f"the metric does not fit {DIGITS} digits, {WHOLE_DIGITS} before the point and {FRACTION_DIGITS} after it"
)


def fits(value: Decimal) -> bool:
    """Whether a finite number of at least zero is within the digits of a value."""
    if value.adjusted() >= WHOLE_DIGITS or value.adjusted() < -FRACTION_DIGITS:
        return not value  # decided before any long text is made of 1e999999
    whole, _, fraction = plain(value).partition(".")
    return len(fraction) <= FRACTION_DIGITS and len(whole.lstrip("0")) + len(fraction) <= DIGITS


def _describe(cell: str) -> str:
    if cell == "":
        return "the metric is empty"
    if cell.lower().lstrip("+-") in _WORDS:
        return _WORDS[cell.lower().lstrip("+-")]
    if cell != cell.strip():
        return "the metric has space around it"
    if _GROUPED.fullmatch(cell):
        return "the metric has thousands separators"
    if _WITH_COMMA.fullmatch(cell):
        return "the metric has a decimal comma: export it with a point"
    return "the metric is not a decimal number"
