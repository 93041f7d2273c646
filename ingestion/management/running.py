"""What the commands share that carry runs out here and now."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from commandline.command import Command as BaseCommand
from commandline.unexpected import log_unexpected
from ingestion.boundary import ANYTHING, describe_broken, end_broken_run
from ingestion.models import Run, RunFile, Source
from ingestion.selectors import list_run_files
from ingestion.services import create_run
from ingestion.work import Backoff, execute_run, help_run

WELL = (Run.State.SUCCEEDED, Run.State.SUCCEEDED_WITH_REJECTS)
COUNTS = (
    "files_read",
    "files_unchanged",
    "files_ignored",
    "files_failed",
    "rows_read",
    "rows_rejected",
    "points_written",
)


class RunCommand(BaseCommand):
    """A command that carries out runs, and says on standard error how they go."""

    def carry_out(self, source: Source, **options: Any) -> dict[str, Any]:
        """A run of our own (create_run's options), as describe_run has it.

        Whatever happens to it ends here, so that the next source has its turn. Raises ValidationError
        where there can be no such run.
        """
        own: list[Run] = []
        try:
            return self._carry_out(source, own, **options)
        except ValidationError:
            raise
        except Run.DoesNotExist:
            message = f"{source.identifier} was deleted while it was synced."
        except ANYTHING as error:
            message = describe_broken(error, log_unexpected("sync broke", error, source=source.pk))
            for run in own:
                _end_quietly(run, error)
        return self.fail(source, message)

    def fail(self, source: Source, message: str) -> dict[str, Any]:
        """What stands for a source's run where there is none to describe; also on standard error."""
        self.note(f"{source.identifier}: {message}")
        counts = dict.fromkeys(COUNTS, 0)
        return {
            "identifier": source.identifier,
            "state": Run.State.FAILED,
            **counts,
            "files": [],
            "message": message,
            "warnings": [],
        }

    def _carry_out(self, source: Source, own: list[Run], **options: Any) -> dict[str, Any]:
        """After helping the run that may be going on to its end. Our own is among `own` once it is there."""
        while True:
            run, created = create_run(
                source=source, trigger=Run.Trigger.COMMAND, now=timezone.now(), **options
            )
            if created:
                own.append(run)
                self._report(f"{source.identifier}: reading s3://{_place(source)}")
            else:
                self._report(f"{source.identifier}: helping a sync that is going on")
            self._bring_to_its_end(run)
            if created:
                self._report_end(source, run)
                return describe_run(run)

    def _bring_to_its_end(self, run: Run) -> None:
        """Carry it out, or help whoever does. Raises Run.DoesNotExist."""
        backoff = Backoff()
        while True:
            ended = execute_run(run_id=run.pk, clock=timezone.now, report=self._show_progress)
            run.refresh_from_db()
            if ended or run.state not in Run.ACTIVE_STATES:
                return
            if help_run(run_id=run.pk, clock=timezone.now):
                backoff = Backoff()
            else:
                backoff.wait()

    def _report(self, text: str) -> None:
        if not self.as_json or sys.stderr.isatty():
            self.note(text)

    def _show_progress(self, done: int, planned: int) -> None:
        """One line on a terminal, written over and over."""
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done} of {planned} files", ending="\n" if done == planned else "")

    def _report_end(self, source: Source, run: Run) -> None:
        """What went wrong or wants a look: standard error, in every case."""
        for text in [run.message, *run.warning_texts]:
            if text:
                self.note(f"{source.identifier}: {text}")
        for run_file in run.files.filter(state=RunFile.State.FAILED):
            self.note(f"{source.identifier}: {run_file.key}: {run_file.message}")


def _end_quietly(run: Run, error: BaseException) -> None:
    """Release what it was broken in; where not even that succeeds, it is lost, and recovered as such."""
    try:
        end_broken_run(run_id=run.pk, owner=None, error=error, now=timezone.now())
    except ANYTHING as again:
        log_unexpected("broken run not ended", again, run=run.pk)


def describe_run(run: Run) -> dict[str, Any]:
    """A run as a JSON object; of a preview, `changes` is what would change (Dataset.diff)."""
    return {
        "identifier": run.source.identifier,
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
        **({"dry_run": True, "changes": run.changes} if run.is_preview else {}),
    }


def format_run(run: dict[str, Any], *, describe_changes: Callable[[dict[str, Any]], list[str]]) -> str:
    """The same in words; `describe_changes`: what the dataset says of a preview."""
    text = (
        f"{run['identifier']}: {run['state'].replace('_', ' ')}. Files: {run['files_read']} read, "
        f"{run['files_unchanged']} unchanged, {run['files_ignored']} ignored, {run['files_failed']} failed. "
        f"Rows: {run['rows_read']} read, {run['rows_rejected']} rejected. "
    )
    if not run.get("dry_run"):
        return f"{text}Points written: {run['points_written']}."
    return text + "\n" + "\n".join(describe_changes(run["changes"])) if run["changes"] else text


def _place(source: Source) -> str:
    return f"{source.endpoint.bucket}/{source.full_prefix}"
