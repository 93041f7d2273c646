"""Dates in words."""

from __future__ import annotations

from calendar import month_abbr
from datetime import date


def spell(day: date) -> str:
    """A date in words, which no order of numbers can change: 3 Jan 2024."""
    return f"{spell_without_year(day)} {day.year}"


def spell_without_year(day: date) -> str:
    return f"{day.day} {month_abbr[day.month]}"
