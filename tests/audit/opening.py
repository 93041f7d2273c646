"""The triggers that keep the audit log, away for a moment. Tests alone do that, to empty it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from django.db import connection

SQLITE = import_module("audit.migrations.0002_append_only").SQLITE
NAMES = ("audit_entry_is_kept_from_update", "audit_entry_is_kept_from_delete")


@contextmanager
def open_audit_log() -> Iterator[None]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
        else:
            for name in NAMES:
                cursor.execute(f"DROP TRIGGER {name}")
    yield
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE audit_entry ENABLE TRIGGER USER")
        else:
            for statement in SQLITE:
                cursor.execute(statement)
