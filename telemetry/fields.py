"""Blocks of points on both databases."""

from __future__ import annotations

from typing import Any

from django.db import models


class SeriesIdsField(models.Field):
    """The series of a block of points: an array on PostgreSQL; a JSON array on SQLite."""

    def db_type(self, connection: Any) -> str:
        return "text" if connection.vendor == "sqlite" else "bigint[]"

    def db_check(self, connection: Any) -> str:
        column = connection.ops.quote_name(self.column)
        if connection.vendor == "sqlite":
            return f"json_type({column}) = 'array'"
        return f"array_position({column}, NULL) IS NULL"


class SeriesValuesField(models.Field):
    """Their values: an array on PostgreSQL, in the same order; on SQLite a JSON object by the series' ids.

    Not negative, and within the digits of a point's value: `numeric`'s NaN and Infinity are above them all.
    """

    def db_type(self, connection: Any) -> str:
        return "text" if connection.vendor == "sqlite" else "numeric[]"

    def db_check(self, connection: Any) -> str:
        column = connection.ops.quote_name(self.column)
        if connection.vendor == "sqlite":
            return f"json_type({column}) = 'object' AND instr({column}, '-') = 0"
        return (
            f"0 <= ALL ({column}) AND 1e20 > ALL ({column}) AND array_position({column}, NULL) IS NULL"
            f" AND cardinality({column}) = cardinality(series_ids)"
        )
