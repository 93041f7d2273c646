"""Timeouts of this process's statements and idle transactions.

PostgreSQL ends what is longer: a page that nobody waits for any more, a transaction that holds up vacuum.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.backends.signals import connection_created


def limit_web_process() -> None:
    """Seconds, as pages need."""
    _limit(statement=settings.DATABASE_STATEMENT_SECONDS, idle=settings.DATABASE_IDLE_SECONDS)


def limit_worker() -> None:
    """As long as a task may take: it waits for S3 between two files of a transaction."""
    _limit(statement=settings.TASK_TIME_LIMIT_SECONDS, idle=settings.TASK_TIME_LIMIT_SECONDS)


def _limit(*, statement: int, idle: int) -> None:
    def set_limits(*, connection: Any, **_kwargs: Any) -> None:
        if connection.vendor != "postgresql":
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, false),"
                " set_config('idle_in_transaction_session_timeout', %s, false)",
                [f"{statement}s", f"{idle}s"],
            )

    connection_created.disconnect(dispatch_uid="config.database")  # the last call counts
    connection_created.connect(set_limits, weak=False, dispatch_uid="config.database")
