"""Sums in SQL that lose no digit: PostgreSQL's own, and an aggregate of ours on SQLite."""

from __future__ import annotations

from decimal import Context, Decimal, Inexact
from typing import Any

from django.db.backends.signals import connection_created

from core.decimals import plain

_EXACT = Context(prec=100, traps=[Inexact])


class _SqliteExactSum:
    """`exact_sum(text)`: decimals as text, added up as decimals."""

    def __init__(self) -> None:
        self._sum: Decimal | None = None

    def step(self, value: object) -> None:
        if value is not None:
            number = Decimal(str(value))
            self._sum = number if self._sum is None else _EXACT.add(self._sum, number)

    def finalize(self) -> str | None:
        return None if self._sum is None else plain(self._sum)


def sum_function(vendor: str) -> str:
    """The name of the exact sum in a vendor's SQL."""
    return "exact_sum" if vendor == "sqlite" else "sum"


def register_on_sqlite(*, connection: Any, **_kwargs: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_aggregate("exact_sum", 1, _SqliteExactSum)


connection_created.connect(register_on_sqlite, dispatch_uid="core.exact_sum")
