"""Truncation of texts that may be a megabyte, done by the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

LONGEST_SHOWN = 200  # characters


@dataclass(frozen=True, slots=True)
class Beginning:
    """The beginning of a text, and how many characters the whole has."""

    text: str
    length: int

    @property
    def is_cut(self) -> bool:
        return self.length > len(self.text)


def begin_sql(text: str) -> str:
    """SQL for the beginning of a text."""
    function = "left({}, {})" if connection.vendor == "postgresql" else "substr({}, 1, {})"
    return function.format(text, LONGEST_SHOWN)


def pair_beginnings(cells: list[Any]) -> Iterator[Beginning]:
    for text, length in zip(cells[::2], cells[1::2], strict=True):
        yield Beginning(text or "", length or 0)
