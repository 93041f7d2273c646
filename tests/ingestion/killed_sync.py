"""The process of a sync that dies by SIGKILL just before or just after a commit (see killing.py).

It sets Django up once and forks for each order that it reads from standard input: a death costs a tenth of
a second. It keeps no connection to the database and touches no polars itself: what is forked would share the
one, and wait for threads of the other that are not there.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any


class Moments:
    """Counts the moments before and after a commit, and dies at the one that was asked for."""

    def __init__(self, kill_at: int) -> None:
        self.count, self._kill_at = 0, kill_at

    def pass_one(self) -> None:
        self.count += 1
        if self.count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, execute: Callable, sql: str, params: Any, many: bool, context: dict) -> Any:
        """Around a statement (Django's execute_wrapper): one that writes outside a transaction commits."""
        commits = not context["connection"].in_atomic_block and not sql.lstrip().startswith(
            ("SELECT", "BEGIN", "DECLARE")
        )
        if not commits:
            return execute(sql, params, many, context)
        self.pass_one()
        result = execute(sql, params, many, context)
        self.pass_one()
        return result

    def watch_commits(self) -> None:
        """Around the end of a transaction, and around COPY, which no execute_wrapper sees."""
        from django.db.backends.base.base import BaseDatabaseWrapper

        commit = BaseDatabaseWrapper._commit

        def committing(connection: BaseDatabaseWrapper) -> None:
            self.pass_one()
            commit(connection)
            self.pass_one()

        BaseDatabaseWrapper._commit = committing
        from django.db import connection

        if connection.vendor == "postgresql":
            self._watch_copies()

    def _watch_copies(self) -> None:
        from django.db import connection
        from django.db.backends.postgresql.base import Cursor

        copy = Cursor.copy

        @contextmanager
        def copying(cursor: Cursor, statement: str) -> Iterator[Any]:
            commits = not connection.in_atomic_block
            if commits:
                self.pass_one()
            with copy(cursor, statement) as target:
                yield target
            if commits:
                self.pass_one()

        Cursor.copy = copying


def _sync(order: dict[str, Any]) -> int:
    """The sync itself, in a process of its own; how many moments it came to."""
    from django.db import connection

    from ingestion.services import create_run
    from ingestion.work import execute_run
    from telemetry.models import Telemetry

    now = datetime.fromisoformat(order["now"])
    telemetry = Telemetry.objects.get(pk=order["telemetry_id"])
    moments = Moments(order["kill_at"])
    moments.watch_commits()
    with connection.execute_wrapper(moments.watch):
        run, _ = create_run(source=telemetry, trigger="command", now=now)
        execute_run(run_id=run.pk, clock=lambda: now)
    return moments.count


def _assume_role(telemetry_id: int) -> None:
    """Before the fork: the SDK takes its time to make a client. Leaves no connection to the database."""
    from django.db import connection

    from endpoints.storage import open_bucket
    from telemetry.models import Telemetry

    telemetry = Telemetry.objects.select_related("endpoint").get(pk=telemetry_id)
    open_bucket(telemetry.endpoint, prefix=telemetry.prefix)
    connection.close()


def _serve() -> None:
    import django

    django.setup()
    import ingestion.work  # noqa: F401 - once, for all who are forked

    for line in sys.stdin:
        _assume_role(json.loads(line)["telemetry_id"])
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.write(writing, str(_sync(json.loads(line))).encode())
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reading) as count:
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            print(json.dumps({"killed": killed, "boundaries": int(count.read() or 0)}), flush=True)  # noqa: T201


if __name__ == "__main__":
    _serve()
