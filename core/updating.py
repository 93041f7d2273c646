"""Conditional updates of many rows in one round trip.

Django's `bulk_update` has no condition a row, and takes longer to build than to execute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.db import connection, models

Fields = Mapping[str, Any]


def update_each(model: type[models.Model], changes: Sequence[tuple[Fields, Fields]]) -> int:
    """Each (condition, new values) by field names, the same ones each time; how many rows changed."""
    if not changes:
        return 0
    condition, values = changes[0]
    columns = [_get_field(model, name).column for name in (*values, *condition)]
    assignments = ", ".join(f"{column} = %s" for column in columns[: len(values)])
    conditions = " AND ".join(f"{column} = %s" for column in columns[len(values) :])
    rows = [_adapt(model, values) + _adapt(model, condition) for condition, values in changes]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {model._meta.db_table} SET {assignments} WHERE {conditions}", rows)
        changed: int = cursor.rowcount
    return changed


def _adapt(model: type[models.Model], fields: Fields) -> tuple[Any, ...]:
    return tuple(
        _get_field(model, name).get_db_prep_save(value, connection) for name, value in fields.items()
    )


def _get_field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    return cast("models.Field[Any, Any]", model._meta.get_field(name))
