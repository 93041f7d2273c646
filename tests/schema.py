"""What a database is made of, as a set of texts that two databases can be compared by."""

from __future__ import annotations

import re
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey

from tests.scratch import Scratch

Schema = set[tuple[str, str, str]]  # kind, name, what it is in the database's own words

# The order of columns does not show, nor in which steps all came about. NOT NULL is the columns' here: later
# servers have constraints for it too, with names of their own.
_OURS = "SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace"
_POSTGRESQL = (
    """
    SELECT 'column', c.relname || '.' || a.attname,
      concat_ws(
        ' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
        'default ' || pg_get_expr(d.adbin, d.adrelid), 'collation ' || l.collname,
        'identity ' || nullif(a.attidentity::text, '')
      )
    FROM ours c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      LEFT JOIN pg_collation l ON l.oid = a.attcollation
    WHERE c.relkind IN ('r', 'v', 'm', 'p')
    """,
    """
    SELECT 'constraint', c.relname || '.' || s.conname,
      concat_ws(' ', pg_get_constraintdef(s.oid), CASE WHEN NOT s.convalidated THEN 'not valid' END)
    FROM ours c JOIN pg_constraint s ON s.conrelid = c.oid WHERE s.contype <> 'n'
    """,
    """
    SELECT 'index', c.relname,
      concat_ws(' ', pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN 'not valid' END)
    FROM ours c JOIN pg_index i ON i.indexrelid = c.oid
    """,
    """
    SELECT 'trigger', c.relname || '.' || t.tgname, pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
    FROM ours c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal
    """,
    "SELECT 'view', c.relname, pg_get_viewdef(c.oid) FROM ours c WHERE c.relkind IN ('v', 'm')",
    """
    SELECT 'sequence', c.relname,
      format_type(q.seqtypid, NULL) || ' of ' || coalesce(d.refobjid::regclass || '.' || a.attname, 'nothing')
    FROM ours c JOIN pg_sequence q ON q.seqrelid = c.oid
      LEFT JOIN pg_depend d
        ON d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    """,
    """
    SELECT 'function', p.proname, pg_get_functiondef(p.oid)
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    """,
)
_REFERENCES = f"""
WITH ours AS ({_OURS})
SELECT s.conrelid::regclass::text, a.attname, s.confrelid::regclass::text, f.attname
FROM ours c JOIN pg_constraint s ON s.conrelid = c.oid AND s.contype = 'f'
  JOIN pg_attribute a ON a.attrelid = s.conrelid AND a.attnum = s.conkey[1]
  JOIN pg_attribute f ON f.attrelid = s.confrelid AND f.attnum = s.confkey[1]
"""
_SEQUENCES = f"""
WITH ours AS ({_OURS})
SELECT * FROM (
  SELECT c.relname, a.attname,
    pg_get_serial_sequence('public.' || quote_ident(c.relname), a.attname) AS counter
  FROM ours c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind = 'r'
) columns WHERE counter IS NOT NULL
"""


def describe_schema(scratch: Scratch) -> Schema:
    """Tables, columns, types, defaults, indexes, constraints, triggers, views, functions, sequences."""
    if scratch.vendor == "sqlite":
        made = scratch.ask("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        return {(kind, name, " ".join(sql.split())) for kind, name, sql in made}
    found: Schema = set()
    for question in _POSTGRESQL:
        found.update(scratch.ask(f"WITH ours AS ({_OURS}) {question}"))
    return {(kind, name, _plain(text)) for kind, name, text in found}


def _plain(text: str) -> str:
    """Without what a dump adds when it is read: a condition's own casts between texts, and their brackets."""
    condition = re.search(r"\b(?:CHECK|WHERE) .*", text)
    if condition is None:
        return text
    return text[: condition.start()] + re.sub(r"::(?:text|character varying)(?:\[\])?|[()]", "", condition[0])


def find_missing() -> list[str]:
    """Columns, references, indexes, constraints of the models that the tests' own database does not have."""
    managed = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    with connection.cursor() as cursor:
        return [
            f"{model._meta.db_table}: {name}" for model in managed for name in _list_missing(model, cursor)
        ]


def _list_missing(model: Any, cursor: Any) -> set[str]:
    meta, introspection = model._meta, connection.introspection
    description = introspection.get_table_description(cursor, meta.db_table)
    found = introspection.get_constraints(cursor, meta.db_table)
    unique = {tuple(made["columns"]) for made in found.values() if made["unique"] or made["primary_key"]}
    references = {(*made["columns"], *made["foreign_key"]) for made in found.values() if made["foreign_key"]}
    fields = [field for field in meta.local_fields if field.column]
    together = {tuple(meta.get_field(name).column for name in names) for names in meta.unique_together}
    wanted = {(field.column,) for field in fields if field.unique} | together
    leads = {
        (field.column, field.related_model._meta.db_table, field.target_field.column)
        for field in fields
        if isinstance(field, ForeignKey) and field.db_constraint
    }
    return (
        {field.column for field in fields} ^ {column.name for column in description}
        | {thing.name for thing in (*meta.constraints, *meta.indexes)} - set(found)
        | {str(way) for way in (wanted - unique) | (leads - references)}
    )


def find_orphans(scratch: Scratch) -> list[str]:
    """Rows that refer to none, whatever the constraints are taken to hold."""
    if scratch.vendor == "sqlite":
        return [str(row) for row in scratch.ask("PRAGMA foreign_key_check")]
    orphans = []
    for table, column, other, key in scratch.ask(_REFERENCES):
        lost = f'SELECT count(*) FROM {table} t WHERE "{column}" IS NOT NULL AND NOT EXISTS '
        [(count,)] = scratch.ask(f'{lost} (SELECT 1 FROM {other} o WHERE o."{key}" = t."{column}")')
        orphans += [f"{table}.{column}: {count}"] * bool(count)
    return orphans


def find_stale_counters(scratch: Scratch) -> list[str]:
    """Tables whose next row would be given the number of one that is there."""
    counters = _list_counters(scratch)
    assert len(counters) > 20, "the tables were not found"
    stale = []
    for table, column, last in counters:
        [(is_past,)] = scratch.ask(f'SELECT coalesce(max("{column}"), 0) <= ({last}) FROM "{table}"')
        stale += [] if is_past else [table]
    return stale


def _list_counters(scratch: Scratch) -> list[tuple[str, str, str]]:
    """Table, column, and the question for the last number given out."""
    if scratch.vendor == "sqlite":
        counting = "type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
        last = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = '{}'"
        tables = scratch.ask(f"SELECT name FROM sqlite_master WHERE {counting}")
        return [(table, "id", last.format(table)) for (table,) in tables]
    last = "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {}"
    return [(table, column, last.format(name)) for table, column, name in scratch.ask(_SEQUENCES)]
