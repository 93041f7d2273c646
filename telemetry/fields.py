"""Exact decimals on both databases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models


class ExactDecimalField(models.DecimalField):
    """`numeric` on PostgreSQL; on SQLite, whose numbers are floats beyond 15 digits, plain decimal text.

    Values are read as Decimal on both. SQLite cannot add them up in SQL with `SUM` without rounding: use
    `telemetry.exact.ExactSum`, which both databases have.
    """

    def db_type(self, connection: Any) -> str | None:
        return "text" if connection.vendor == "sqlite" else super().db_type(connection)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if connection.vendor == "sqlite" and isinstance(value, Decimal):
            return plain(value)
        return super().get_db_prep_value(value, connection, prepared)

    def get_db_converters(self, connection: Any) -> list:
        if connection.vendor == "sqlite":
            return [lambda value, *_: None if value is None else Decimal(str(value))]
        return super().get_db_converters(connection)


def plain(value: Decimal) -> str:
    """The value without exponent and without zeros that say nothing: `1E+3` is `1000`, `1.50` is `1.5`."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
