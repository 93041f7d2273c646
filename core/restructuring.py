"""An operation of migrations for what Django has none: models that move to another app, or get a parent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Model


class Restructure(Operation):
    """Several apps' state in one step, and the database by a function of (schema_editor, apps after it).

    It resembles SeparateDatabaseAndState; there the database part does not see what the state part makes.
    """

    reversible = False

    def __init__(
        self,
        state: Sequence[tuple[str, Operation]],
        database: Callable[[BaseDatabaseSchemaEditor, Any], None],
    ) -> None:
        self.state, self.database = state, database

    def state_forwards(self, _app_label: str, state: ProjectState) -> None:
        for app_label, operation in self.state:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        _app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        _from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self.database(schema_editor, to_state.apps)

    def describe(self) -> str:
        return "Restructure tables"


def rename_columns(schema_editor: BaseDatabaseSchemaEditor, table: str, columns: dict[str, str]) -> None:
    """On both databases what refers to a column follows its name."""
    for old, new in columns.items():
        schema_editor.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")


def rebuild_on_sqlite(schema_editor: Any, model: type[Model]) -> None:
    """The table as the model says, with the data of its columns; triggers are lost."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor._remake_table(model)


def point_elsewhere(schema_editor: Any, model: type[Model], field_name: str) -> None:
    """PostgreSQL: the foreign key of a column as the model says; it may not have had one."""
    if schema_editor.connection.vendor != "postgresql":
        return
    field: Any = model._meta.get_field(field_name)
    table = model._meta.db_table
    with schema_editor.connection.cursor() as cursor:
        found = schema_editor.connection.introspection.get_constraints(cursor, table)
    for name, constraint in found.items():
        if constraint["foreign_key"] and constraint["columns"] == [field.column]:
            schema_editor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    schema_editor.execute(schema_editor._create_fk_sql(model, field, "_fk_%(to_table)s_%(to_column)s"))
