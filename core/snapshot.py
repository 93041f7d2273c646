"""Reading several things as of one moment, during syncs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def snapshot(*, seconds: int | None = None) -> Iterator[None]:
    """Within, every query sees the database as it was at the first one; nothing is written there.

    For everything that takes more than one query: the second might see a file's next version. Inside another
    transaction that one's isolation applies. `seconds`: a statement timeout other than the process's own
    (config.database).
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            if seconds is not None:
                limit = f"{seconds}s"
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [limit])
            yield
    else:
        with _deferred(), transaction.atomic():
            yield


@contextmanager
def _deferred() -> Iterator[None]:
    """Deferred transactions on SQLite, which do not block writers: ours are immediate otherwise."""
    connection.ensure_connection()  # which sets the mode
    sqlite: Any = connection
    before, sqlite.transaction_mode = sqlite.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        sqlite.transaction_mode = before
