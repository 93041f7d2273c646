"""The role under which the processes run: it reads and writes rows, and changes neither tables nor triggers.

PostgreSQL lets the owner of a table drop its triggers: those that keep the audit log, among others. So one
role owns the tables and runs `migrate`; the web, the workers and the scheduler have another one.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from audit.models import Entry

APPEND_ONLY = Entry._meta.db_table
# In braces: names, quoted.
GRANTS = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    "REVOKE UPDATE, DELETE ON {append_only} FROM {role}",
    "REVOKE INSERT, UPDATE, DELETE ON {migrations} FROM {role}",
    # What the next migrations make.
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role}",
)
OWNED = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
  AND pg_has_role(current_user, c.relowner, 'MEMBER')
ORDER BY c.relname
"""
POWERS = """
SELECT rolname, rolsuper, rolcreaterole,
  has_table_privilege(rolname, to_regclass(quote_ident(%s)), 'TRIGGER, TRUNCATE'),
  has_parameter_privilege(rolname, 'session_replication_role', 'SET')
FROM pg_roles WHERE rolname = current_user
"""


def find_excess_privilege(connection: BaseDatabaseWrapper) -> str | None:
    """What the role of this connection may and should not, as the end of a sentence. None on SQLite."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(POWERS, [APPEND_ONLY])
        role, is_superuser, makes_roles, may_add_triggers, may_switch_off = cursor.fetchone()
        cursor.execute(OWNED)
        owned = [table for (table,) in cursor.fetchall()]
    if is_superuser:
        return f'("{role}") is a superuser: it could change the audit log and everything else'
    if owned:
        names = ", ".join(owned[:3]) + (" and others" if len(owned) > 3 else "")
        return f'("{role}") owns {names}, or may act as who does: it could drop the triggers of the audit log'
    if makes_roles or may_switch_off:
        return f'("{role}") has CREATEROLE or may set session_replication_role: it could change the audit log'
    return f'("{role}") holds TRIGGER or TRUNCATE on {APPEND_ONLY}' if may_add_triggers else None


def list_grants(connection: BaseDatabaseWrapper, *, role: str) -> list[str]:
    """The statements that give `role` what the processes need, for the owner of the tables to carry out."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        [schema] = cursor.fetchone()
    names = {
        "role": quote(role),
        "schema": quote(schema),
        "append_only": quote(APPEND_ONLY),
        "migrations": quote(MigrationRecorder.Migration._meta.db_table),
    }
    return [statement.format(**names) for statement in GRANTS]


def find_role(connection: BaseDatabaseWrapper, *, role: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        return cursor.fetchone() is not None
