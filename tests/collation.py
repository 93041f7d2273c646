"""The database that PostgreSQL's test databases are copied from: it sorts text as a language does.

Most databases in production do (en_US.UTF-8 and the like), while S3 and SQLite sort by bytes: what comes
first must not depend on it. ICU's locales are part of PostgreSQL; the C library's may not be installed.
"""

from __future__ import annotations

from django.db import connection

TEMPLATE = "denominator_tests_en"
_CREATE = (
    f"CREATE DATABASE {TEMPLATE} TEMPLATE template0 ENCODING 'UTF8' "
    "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8'"
)


def make_template() -> None:
    """Create it where it is not there yet, one process at a time. It stays, for the next run."""
    if connection.vendor != "postgresql":
        return
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [TEMPLATE])
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE])
        if not cursor.fetchone():
            cursor.execute(_CREATE)
