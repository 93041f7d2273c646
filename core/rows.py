"""Rows of raw SQL: streamed, and in batches of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.db import connection

ROWS_AT_A_TIME = 2_000
CHARACTERS_AT_A_TIME = 1_000_000  # of dimension values, read together


def order_by_bytes(text: str) -> str:
    """SQL that orders by a text as its bytes do."""
    return f'{text} COLLATE "C"' if connection.vendor == "postgresql" else f"{text} COLLATE BINARY"


def split_by_size(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Rows together as long as their sizes (the last column) add up to CHARACTERS_AT_A_TIME; one at least."""
    some: list[tuple[Any, ...]] = []
    size = 0
    for row in rows:
        if some and (size + row[-1] > CHARACTERS_AT_A_TIME or len(some) == ROWS_AT_A_TIME):
            yield some
            some, size = [], 0
        some.append(row)
        size += row[-1]
    if some:
        yield some


def stream_rows(sql: str, params: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Stream rows in constant memory."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            yield from rows


def as_date(value: date | str) -> date:
    """A date as either database returns it from raw SQL."""
    return value if isinstance(value, date) else date.fromisoformat(value)
