from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from accounts.management.arguments import add_account_argument, find_account
from accounts.models import Account
from commandline.command import DONE, FAILED, WrongArguments
from ingestion.management.running import WELL, RunCommand, format_run
from ingestion.scope import EVERYTHING, REJECTED, WHAT_CHANGED, Scope, read_named, read_since
from telemetry.management.arguments import find_telemetry, parse_day
from telemetry.management.changes import describe_changes
from telemetry.models import Telemetry
from telemetry.selectors import list_telemetries


class Command(RunCommand):
    help = "Bring telemetries up to date with their files, here and now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("identifiers", nargs="*", metavar="IDENTIFIER")
        add_account_argument(parser)
        parser.add_argument("--all", action="store_true", dest="sync_all", help="every active telemetry")
        again = parser.add_mutually_exclusive_group()
        again.add_argument("--reimport", action="store_true", help="read every file again, changed or not")
        again.add_argument("--replay", action="store_true", help="read files with rejected rows again")
        again.add_argument(
            "--key", action="append", metavar="KEY", dest="keys", help="read this file again; repeatable"
        )
        parser.add_argument(
            "--from",
            dest="date_from",
            metavar="D",
            help="with --reimport: only files that hold this date (yyyy-MM-dd) or a later one, as a whole",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only show what would change: days, values, totals"
        )

    def run(
        self, *, identifiers: list[str], account: str, sync_all: bool, dry_run: bool, **asked: Any
    ) -> dict[str, Any]:
        if bool(identifiers) == sync_all:
            raise WrongArguments("Name the telemetries to sync, or say --all.")
        scope = _find_scope(**asked)
        telemetries = _find_telemetries(find_account(account), identifiers)
        return {"runs": [self._sync(telemetry, scope, is_preview=dry_run) for telemetry in telemetries]}

    def _sync(self, telemetry: Telemetry, scope: Scope, *, is_preview: bool) -> dict[str, Any]:
        try:
            return self.carry_out(telemetry, scope=scope, is_preview=is_preview)
        except ValidationError as refusal:  # it was active when it was looked up
            return self.fail(telemetry, " ".join(refusal.messages))

    def describe(self, result: dict[str, Any]) -> str:
        return "\n".join(self._format(run) for run in result["runs"]) or "There is no active telemetry."

    def _format(self, run: dict[str, Any]) -> str:
        return format_run(run, describe_changes=describe_changes)

    def exit_code(self, result: dict[str, Any]) -> int:
        return DONE if all(run["state"] in WELL for run in result["runs"]) else FAILED


def _find_scope(*, reimport: bool, replay: bool, keys: list[str] | None, date_from: str | None) -> Scope:
    since = parse_day(date_from, "--from")
    if since is not None:
        if not reimport:
            raise WrongArguments("--from says from which date on to import again: add --reimport.")
        return read_since(since)
    if reimport:
        return EVERYTHING
    if replay:
        return REJECTED
    return read_named(keys) if keys else WHAT_CHANGED


def _find_telemetries(account: Account, identifiers: list[str]) -> list[Telemetry]:
    if not identifiers:
        return list(list_telemetries(account=account).filter(status=Telemetry.Status.ACTIVE))
    telemetries = [find_telemetry(account, identifier) for identifier in dict.fromkeys(identifiers)]
    inactive = [item.identifier for item in telemetries if item.status != Telemetry.Status.ACTIVE]
    if inactive:
        raise ValidationError(f"Inactive: {', '.join(inactive)}. Activate it first, on its page.")
    return telemetries
