"""What the commands share that carry runs out here and now."""

from __future__ import annotations

import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from commandline.command import Command as BaseCommand
from commandline.unexpected import log_unexpected
from ingestion.boundary import ANYTHING, describe_broken, end_broken_run
from ingestion.models import RunFile, SyncRun
from ingestion.patience import Patience
from ingestion.selectors import list_run_files
from ingestion.services import create_run
from ingestion.work import execute_run, help_run
from telemetry.models import Telemetry

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
DAYS_WRITTEN = 20  # of the days that would change, in words; the JSON has more


class RunCommand(BaseCommand):
    """A command that carries out runs, and says on standard error how they go."""

    def carry_out(self, telemetry: Telemetry, **options: Any) -> dict[str, Any]:
        """A run of our own (create_run's options), as describe_run has it.

        Whatever happens to it ends here, so that the next telemetry has its turn. Raises ValidationError
        where there can be no such run.
        """
        own: list[SyncRun] = []
        try:
            return self._carry_out(telemetry, own, **options)
        except ValidationError:
            raise
        except SyncRun.DoesNotExist:
            message = f"{telemetry.identifier} was deleted while it was synced."
        except ANYTHING as error:
            message = describe_broken(error, log_unexpected("sync broke", error, telemetry=telemetry.pk))
            for run in own:
                _end_quietly(run, error)
        return self.fail(telemetry, message)

    def fail(self, telemetry: Telemetry, message: str) -> dict[str, Any]:
        """What stands for a telemetry's run where there is none to describe; also on standard error."""
        self.note(f"{telemetry.identifier}: {message}")
        counts = dict.fromkeys(COUNTS, 0)
        return {
            "identifier": telemetry.identifier,
            "state": SyncRun.State.FAILED,
            **counts,
            "files": [],
            "message": message,
            "warnings": [],
        }

    def _carry_out(self, telemetry: Telemetry, own: list[SyncRun], **options: Any) -> dict[str, Any]:
        """After helping the run that may be going on to its end. Our own is among `own` once it is there."""
        while True:
            run, created = create_run(
                telemetry=telemetry, trigger=SyncRun.Trigger.COMMAND, now=timezone.now(), **options
            )
            if created:
                own.append(run)
                self._report(f"{telemetry.identifier}: reading s3://{_place(telemetry)}")
            else:
                self._report(f"{telemetry.identifier}: helping a sync that is going on")
            self._bring_to_its_end(run)
            if created:
                self._report_end(telemetry, run)
                return describe_run(run)

    def _bring_to_its_end(self, run: SyncRun) -> None:
        """Carry it out, or help whoever does. Raises SyncRun.DoesNotExist."""
        patience = Patience()
        while True:
            ended = execute_run(run_id=run.pk, clock=timezone.now, report=self._show_progress)
            run.refresh_from_db()
            if ended or run.state not in SyncRun.ACTIVE_STATES:
                return
            if help_run(run_id=run.pk, clock=timezone.now):
                patience = Patience()
            else:
                patience.wait()

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


def _end_quietly(run: SyncRun, error: BaseException) -> None:
    """Release what it was broken in; where not even that succeeds, it is lost, and recovered as such."""
    try:
        end_broken_run(run_id=run.pk, owner=None, error=error, now=timezone.now())
    except ANYTHING as again:
        log_unexpected("broken run not ended", again, run=run.pk)


def describe_run(run: SyncRun) -> dict[str, Any]:
    """A run as a JSON object; of a rehearsal, `changes` is what would change (telemetry.comparing)."""
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
        **({"dry_run": True, "changes": run.comparison} if run.is_rehearsal else {}),
    }


def format_run(run: dict[str, Any]) -> str:
    """The same in words."""
    text = (
        f"{run['identifier']}: {run['state'].replace('_', ' ')}. Files: {run['files_read']} read, "
        f"{run['files_unchanged']} unchanged, {run['files_ignored']} ignored, {run['files_failed']} failed. "
        f"Rows: {run['rows_read']} read, {run['rows_rejected']} rejected. "
    )
    if not run.get("dry_run"):
        return f"{text}Points written: {run['points_written']}."
    return text + "\n" + "\n".join(_format_changes(run["changes"])) if run["changes"] else text


def _format_changes(found: dict[str, Any]) -> list[str]:
    lines = [
        "This was a dry run: nothing has changed.",
        f"Days: {found['days_added']} added, {found['days_changed']} changed, {found['days_gone']} gone.",
        f"Values: {found['values_added']} added, {found['values_changed']} changed, "
        f"{found['values_gone']} gone.",
        f"Total of the {found['days_compared']} days compared: {found['total_before']} now, "
        f"{found['total_after']} then. "
        f"Points: {found['points_before']} now, {found['points_after']} then.",
    ]
    unreadable = found["unreadable"]
    if unreadable["files"]:
        lines.append(
            f"Files that cannot be read again: {unreadable['files']}, with {unreadable['days']} days; "
            f"first: {', '.join(unreadable['keys'][:3])}."
            + (" To keep them with an empty value: --keep-unreadable" if found["needs_consent"] else "")
        )
    lines += [
        f"  {day['date']}: {day['before'] or 'nothing'} now, {day['after'] or 'nothing'} then (values: "
        f"{day['values_added']} added, {day['values_changed']} changed, {day['values_gone']} gone)"
        for day in found["days"][:DAYS_WRITTEN]
    ]
    more = found["days_added"] + found["days_changed"] + found["days_gone"] - DAYS_WRITTEN
    return [*lines, f"  and {more} days more"] if more > 0 else lines


def _place(telemetry: Telemetry) -> str:
    return f"{telemetry.endpoint.bucket}/{telemetry.full_prefix}"
