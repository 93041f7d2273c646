"""Reading several things as of one moment, while syncs go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Within, every query sees the database as it was at the first one; nothing is written there.

    For whatever asks more than once: of two queries the second might see a file's next version.
    Within another transaction it is that one's matter what is seen.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        with _deferred(), transaction.atomic():
            yield


@contextmanager
def _deferred() -> Iterator[None]:
    """Transactions on SQLite that wait for no writer, and keep none waiting: ours are immediate otherwise."""
    connection.ensure_connection()  # which sets the mode
    before, connection.transaction_mode = connection.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        connection.transaction_mode = before
