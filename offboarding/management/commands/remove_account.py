from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from accounts.management.arguments import find_account
from commandline.command import Command as BaseCommand
from commandline.command import Failure, WrongArguments
from offboarding.services import remove_account


class Command(BaseCommand):
    help = (
        "Remove an account: export it, end its syncs, and delete everything of it but the audit log. "
        "What was stopped half way is begun again by the same command."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument(
            "--export", metavar="FOLDER", help="write all that it has into a new folder first"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask for the slug to be typed")

    def run(self, *, slug: str, export: str | None, yes: bool) -> dict[str, Any]:
        account = find_account(slug)
        if not yes:
            self._ask(slug)
        try:
            removal = remove_account(
                account=account,
                now=timezone.now(),
                export_to=Path(export).absolute() if export else None,
                report=self._report,
            )
        except OSError as error:
            raise Failure(
                f"The export could not be written: {error}. Nothing of {slug} was deleted; its syncs are "
                "deactivated. Make room or name another folder, then try again."
            ) from None
        return removal.to_json()

    def describe(self, result: dict[str, Any]) -> str:
        lines = [f"The account {result['slug']} was removed."]
        if result["export"]:
            lines.append(f"Its export is in {result['export']}.")
        if result["people_without_account"]:
            people = ", ".join(result["people_without_account"])
            lines.append(f"These people are members of no account any more: {people}.")
        return "\n".join(lines)

    def _ask(self, slug: str) -> None:
        if not sys.stdin.isatty():
            raise WrongArguments(f"Pass --yes to remove {slug} and all that it has.")
        self.stderr.write(f"Type {slug} to delete this account and all that it has: ", ending="")
        if sys.stdin.readline().strip() != slug:
            raise WrongArguments("That is not its slug. Nothing was changed.")

    def _report(self, text: str) -> None:
        if not self.as_json or sys.stderr.isatty():
            self.note(text)
