from __future__ import annotations

import sys
import time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.utils import timezone

from accounts.management.arguments import add_account_argument, find_account
from accounts.models import Account
from commandline.command import DONE, FAILED, Failure, WrongArguments
from commandline.command import Command as BaseCommand
from ingestion.models import RunFile, SyncRun
from ingestion.selectors import list_run_files
from ingestion.services import create_run
from ingestion.work import SECONDS_BETWEEN_LOOKS, execute_run, help_run
from telemetry.management.arguments import find_telemetry
from telemetry.models import Telemetry
from telemetry.selectors import list_telemetries

WELL = (SyncRun.State.SUCCEEDED, SyncRun.State.SUCCEEDED_WITH_REJECTS)
COUNTS = (
    "files_read",
    "files_unchanged",
    "files_ignored",
    "files_failed",
    "rows_read",
    "rows_rejected",
    "points_written",
)


class Command(BaseCommand):
    help = "Bring telemetries up to date with their files, here and now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("identifiers", nargs="*", metavar="IDENTIFIER")
        add_account_argument(parser)
        parser.add_argument("--all", action="store_true", dest="sync_all", help="every active telemetry")
        parser.add_argument("--reimport", action="store_true", help="read every file again, changed or not")

    def run(self, *, identifiers: list[str], account: str, sync_all: bool, reimport: bool) -> dict[str, Any]:
        if bool(identifiers) == sync_all:
            raise WrongArguments("Name the telemetries to sync, or say --all.")
        telemetries = _find_telemetries(find_account(account), identifiers)
        runs = [self._sync(telemetry, reimport=reimport) for telemetry in telemetries]
        return {"runs": [_to_json(run) for run in runs]}

    def _sync(self, telemetry: Telemetry, *, reimport: bool) -> SyncRun:
        """A run of our own, after helping the one that may be going on to its end."""
        while True:
            run, created = create_run(
                telemetry=telemetry, trigger=SyncRun.Trigger.COMMAND, now=timezone.now(), reimport=reimport
            )
            if created:
                self._report(f"{telemetry.identifier}: reading s3://{_place(telemetry)}")
            executed = execute_run(run_id=run.pk, clock=timezone.now, report=self._show_progress)
            try:
                run.refresh_from_db()
            except SyncRun.DoesNotExist:
                raise Failure(f"{telemetry.identifier} was deleted while it was synced.") from None
            if created and run.state not in SyncRun.ACTIVE_STATES:
                self._report_end(telemetry, run)
                return run
            if not executed and not help_run(run_id=run.pk, clock=timezone.now):
                self._report(f"{telemetry.identifier}: waiting for a sync that is going on")
                time.sleep(SECONDS_BETWEEN_LOOKS)

    def _report(self, text: str) -> None:
        if not self.as_json or sys.stderr.isatty():
            self.note(text)

    def _show_progress(self, done: int, planned: int) -> None:
        """One line on a terminal, written over and over."""
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done} of {planned} files", ending="\n" if done == planned else "")

    def _report_end(self, telemetry: Telemetry, run: SyncRun) -> None:
        """What went wrong or wants a look: standard error, in every case."""
        for text in [run.message, *run.warnings]:
            if text:
                self.note(f"{telemetry.identifier}: {text}")
        for run_file in run.files.filter(state=RunFile.State.FAILED):
            self.note(f"{telemetry.identifier}: {run_file.key}: {run_file.message}")

    def describe(self, result: dict[str, Any]) -> str:
        return "\n".join(_describe(run) for run in result["runs"]) or "There is no active telemetry."

    def exit_code(self, result: dict[str, Any]) -> int:
        return DONE if all(run["state"] in WELL for run in result["runs"]) else FAILED


def _find_telemetries(account: Account, identifiers: list[str]) -> list[Telemetry]:
    if not identifiers:
        return list(list_telemetries(account=account).filter(status=Telemetry.Status.ACTIVE))
    telemetries = [find_telemetry(account, identifier) for identifier in dict.fromkeys(identifiers)]
    inactive = [item.identifier for item in telemetries if item.status != Telemetry.Status.ACTIVE]
    if inactive:
        raise ValidationError(f"Inactive: {', '.join(inactive)}. Activate it first, on its page.")
    return telemetries


def _place(telemetry: Telemetry) -> str:
    return f"{telemetry.endpoint.bucket}/{telemetry.full_prefix}"


def _to_json(run: SyncRun) -> dict[str, Any]:
    return {
        "identifier": run.telemetry.identifier,
        "state": run.state,
        **{name: getattr(run, name) for name in COUNTS},
        "files": [
            {
                "key": run_file.key,
                "state": run_file.state,
                "rows_read": run_file.rows_read,
                "rows_rejected": run_file.rows_rejected,
                "message": run_file.message,
            }
            for run_file in list_run_files(run=run)
        ],
        "message": run.message,
        "warnings": run.warnings,
    }


def _describe(run: dict[str, Any]) -> str:
    return (
        f"{run['identifier']}: {run['state'].replace('_', ' ')}. Files: {run['files_read']} read, "
        f"{run['files_unchanged']} unchanged, {run['files_ignored']} ignored, {run['files_failed']} failed. "
        f"Rows: {run['rows_read']} read, {run['rows_rejected']} rejected. "
        f"Points written: {run['points_written']}."
    )
