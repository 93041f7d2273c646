"""Exact decimals as text."""

from __future__ import annotations

from decimal import Decimal


def plain(value: Decimal) -> str:
    """Without exponent, sign or trailing zeros: `1E+3` is `1000`, `1.50` is `1.5`."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
