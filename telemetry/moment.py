"""Several reads that belong together: a page's numbers, a download's columns and its rows.

A sync makes files count while a page is read, and a change of dimensions turns every number over at once.
Each is one transaction, but a reader of several statements would see some before it and some after.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_moment() -> Iterator[None]:
    """All reads within see the database as it was at the first of them. Nothing is written within."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        yield from _read_on_sqlite()


def _read_on_sqlite() -> Iterator[None]:
    """A deferred transaction reads beside writers; those of `atomic` are immediate, and wait for them."""
    connection.ensure_connection()
    if connection.connection.in_transaction:
        yield
        return
    connection.connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.connection.rollback()
