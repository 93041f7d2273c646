from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.db import ProgrammingError, connection, transaction

from commandline.command import Command as BaseCommand
from commandline.command import Failure, WrongArguments
from commandline.database_role import find_role, list_grants


class Command(BaseCommand):
    help = (
        "Give a role of PostgreSQL what the processes need, as the owner of the tables. After each migrate."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", metavar="ROLE")
        parser.add_argument("--dry-run", action="store_true", help="only print the statements")

    def run(self, *, role: str, dry_run: bool) -> dict[str, Any]:
        if connection.vendor != "postgresql":
            raise Failure("SQLite has no roles. This is for PostgreSQL: check DATABASE_URL.")
        if not find_role(connection, role=role):
            raise WrongArguments(
                f'PostgreSQL has no role "{role}". Create it: CREATE ROLE ... LOGIN PASSWORD ...'
            )
        statements = list_grants(connection, role=role)
        if not dry_run:
            self._execute(statements)
        return {"role": role, "statements": statements, "dry_run": dry_run}

    def _execute(self, statements: list[str]) -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        except ProgrammingError as error:  # not the owner
            raise Failure(
                f"PostgreSQL refuses: {error}. Run this as the role that owns the tables, as `migrate`."
            ) from None

    def describe(self, result: dict[str, Any]) -> str:
        if result["dry_run"]:
            return "\n".join(f"{statement};" for statement in result["statements"])
        return f"The role {result['role']} reads and writes rows, and owns nothing."
