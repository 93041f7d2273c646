"""Deleting millions of rows in transactions of a bounded size."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

ROWS_AT_A_TIME = 5_000


def delete_in_portions(rows: QuerySet[Any], *, at_a_time: int | None = None) -> None:
    """Delete rows that nothing refers to by SQL alone, a transaction for each batch."""
    while keys := list(rows.order_by().values_list("pk", flat=True)[: at_a_time or ROWS_AT_A_TIME]):
        with transaction.atomic():
            rows.model._base_manager.filter(pk__in=keys)._raw_delete(using=connection.alias)
