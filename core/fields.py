"""Keys by their bytes, and exact decimals, on both databases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models

from core.decimals import plain

KEY_LENGTH = 1024  # bytes of UTF-8: the longest key that S3 takes


class KeyField(models.CharField):
    """An object's key, compared by its bytes, as S3 lists keys and SQLite compares all text.

    The column has the collation, for every query: a database sorts text by its locale, and of files of one
    moment the last key counts.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": KEY_LENGTH, **kwargs})

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        collation = "C" if connection.vendor == "postgresql" else None
        return super().db_parameters(connection) | {"collation": collation}


class ExactDecimalField(models.DecimalField):
    """`numeric` on PostgreSQL; on SQLite, whose numbers are floats beyond 15 digits, plain decimal text.

    Values are read as Decimal on both. SQLite's own `SUM` would add them up as floats: SQL asks
    `core.exact_sum.sum_function` for the sum that does not.
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
