"""Month or day first: the question and its answers in words, for a person who knows the files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.dates import spell, spell_without_year
from csvfiles.day_first import parse_day_first
from csvfiles.readings import Question, Reading

MONTH_FIRST, DAY_FIRST = "month_first", "day_first"


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    hint: str


def ask(question: Question) -> str:
    either = f"{spell_without_year(question.month_first)} or {spell(question.day_first)}"
    return f"Is {question.cell} {either}?" if question.is_sampled else f"Would {question.cell} be {either}?"


def list_options(question: Question, *, column: str) -> list[Option]:
    """The values name the column, so that an answer holds for no other one."""
    return [
        Option(
            f"{MONTH_FIRST}:{column}",
            f"{spell(question.month_first)}: the month comes first",
            _describe(question.by_month),
        ),
        Option(
            f"{DAY_FIRST}:{column}",
            f"{spell(question.day_first)}: the day comes first",
            _describe(question.by_day),
        ),
    ]


def explain_day_first(day: date) -> str:
    return (
        "None of the formats has the day first. Export the dates as yyyy-MM-dd, with the month before the "
        f"day ({day.isoformat()} for {spell(day)}), then read the newest files again in the Preview step."
    )


def explain_failure(cell: str, date_format: str) -> str:
    """What a cell of `is_day_first` means for the files."""
    day = parse_day_first(cell, date_format)
    return f"It is {spell(day)} with the day first. {explain_day_first(day)}"


def _describe(reading: Reading) -> str:
    if reading.dates == 1:
        text = f"Then every sampled row is of {spell(reading.first)}."
    else:
        text = f"Then the sampled rows are of {spell(reading.first)} to {spell(reading.last)}"
        text += ", every day of it." if reading.is_daily else f", {reading.dates:,} different dates."
    if reading.late:
        rows = "1 row has" if reading.late == 1 else f"{reading.late:,} rows have"
        text += f" {rows} a date after their file was last changed."
    return text
