"""Conditional updates of many rows in one round trip.

Django's `bulk_update` has no condition a row, and takes longer to build than to execute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models

Fields = Mapping[str, Any]


def update_each(model: type[models.Model], changes: Sequence[tuple[Fields, Fields]]) -> int:
    """Each (condition, new values) by field names, the same ones each time; how many rows changed."""
    if not changes:
        return 0
    condition, values = changes[0]
    columns = [model._meta.get_field(name).column for name in (*values, *condition)]
    assignments = ", ".join(f"{column} = %s" for column in columns[: len(values)])
    conditions = " AND ".join(f"{column} = %s" for column in columns[len(values) :])
    rows = [_adapt(model, values) + _adapt(model, condition) for condition, values in changes]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {model._meta.db_table} SET {assignments} WHERE {conditions}", rows)
        return cursor.rowcount


def _adapt(model: type[models.Model], fields: Fields) -> tuple:
    return tuple(
        model._meta.get_field(name).get_db_prep_save(value, connection) for name, value in fields.items()
    )
