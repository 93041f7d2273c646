from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts.management.arguments import add_account_argument, find_account
from commandline.command import DONE, FAILED, WrongArguments
from ingestion.management.running import WELL, RunCommand, format_run
from telemetry.management.arguments import find_telemetry
from telemetry.management.changes import describe_changes
from telemetry.mapping_changes import Change, as_options
from telemetry.models import Telemetry


class Command(RunCommand):
    help = (
        "Change a telemetry's dimensions or overlap rule, here and now, for all that it holds: for other "
        "dimensions every file is read again. --dry-run shows first what that changes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("identifier", metavar="IDENTIFIER")
        add_account_argument(parser)
        dimensions = parser.add_mutually_exclusive_group()
        dimensions.add_argument(
            "--dimension",
            action="append",
            metavar="COLUMN",
            dest="dimensions",
            help="all that there shall be, in their order; up to 10 times",
        )
        dimensions.add_argument("--no-dimensions", action="store_true", help="drop them all")
        parser.add_argument("--overlap", choices=Telemetry.Overlap.values)
        parser.add_argument(
            "--keep-unreadable",
            action="store_true",
            help="files that cannot be read again keep counting, with an empty value under a new dimension",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only show what would change: days, values, totals"
        )

    def run(
        self,
        *,
        identifier: str,
        account: str,
        dimensions: list[str] | None,
        no_dimensions: bool,
        overlap: str | None,
        keep_unreadable: bool,
        dry_run: bool,
    ) -> dict[str, Any]:
        telemetry = find_telemetry(find_account(account), identifier)
        if not (dimensions or no_dimensions or overlap):
            raise WrongArguments("Say what to change: --dimension, --no-dimensions or --overlap.")
        change = Change(
            telemetry=telemetry,
            dimensions=() if no_dimensions else tuple(dimensions) if dimensions else None,
            overlap=overlap,
            keeps_unreadable=keep_unreadable,
        )
        return self.carry_out(telemetry, is_preview=dry_run, **as_options(change))

    def describe(self, result: dict[str, Any]) -> str:
        return format_run(result, describe_changes=describe_changes)

    def exit_code(self, result: dict[str, Any]) -> int:
        return DONE if result["state"] in WELL else FAILED
