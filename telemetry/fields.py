"""Exact decimals on both databases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models

from csvfiles.numbers import format_plain as plain

__all__ = ["ExactDecimalField", "plain"]


class ExactDecimalField(models.DecimalField):
    """`numeric` on PostgreSQL; on SQLite, whose numbers are floats beyond 15 digits, plain decimal text.

    Values are read as Decimal on both. SQLite's own `SUM` would add them up as floats: SQL asks
    `telemetry.exact.sum_function` for the sum that does not.
    """

    def get_internal_type(self) -> str:
        return "ExactDecimalField"  # or SQLite would read it by the converter of DecimalField: as a float

    def db_type(self, connection: Any) -> str:
        if connection.vendor == "sqlite":
            return "text"
        return f"numeric({self.max_digits}, {self.decimal_places})"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if connection.vendor == "sqlite" and value is not None:
            return plain(self.to_python(value))
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, *_args: Any) -> Decimal | None:
        return value if value is None or isinstance(value, Decimal) else Decimal(str(value))
