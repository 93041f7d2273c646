"""What went wrong with a sync, as pages say it first: the cause with its remedy, and what a person can do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ingestion.datasets import get_dataset
from ingestion.freshness import FAILING_STATES
from ingestion.models import Run, RunFile, Source

Failure = Run.Failure
FAILED_FILES_COUNTED = 1_000  # of which the most frequent reason is found


@dataclass(frozen=True, slots=True)
class Problem:
    """`level` as in components/alert.html. `kind`: a Run.Failure, "files", "nothing_found", or ""."""

    level: str
    title: str
    text: str
    kind: str

    @property
    def concerns_connection(self) -> bool:
        """Whether the endpoint is worth a look: also where no file could be read, or no kind was noted."""
        nothing_was_read = self.kind == "files" and self.level == "danger"
        return nothing_was_read or self.kind in {Failure.CONNECTION, "nothing_found", ""}


def explain_problem(*, run: Run) -> Problem | None:
    """Why the run failed or is incomplete; None where it went well or goes on."""
    if run.state not in FAILING_STATES:
        return None
    level = "danger" if run.state == Run.State.FAILED else "warning"
    if not run.message and run.files_failed:
        return _explain_files(run, level)
    title = _name_failure(run) or f"The run {'failed' if level == 'danger' else 'is incomplete'}"
    if run.failure == Failure.CONNECTION and run.files_read:
        title = "The bucket could not be read to its end"
    return Problem(level, title, run.message or "The run has no message.", run.failure)


def _name_failure(run: Run) -> str:
    if run.failure == Failure.INACTIVE:
        return f"The {get_dataset(run.source.kind).noun} was inactive"
    return run.get_failure_display()


def find_last_problem(*, source: Source) -> tuple[Run, Problem] | None:
    """The run that left the source failing, or without any data, and what is wrong with it."""
    run = _get_last_sync(source)
    if run is None:
        return None
    if source.last_sync_state in FAILING_STATES:
        problem = explain_problem(run=run)
        return (run, problem) if problem else None
    if source.data_through is None and run.warnings:
        return run, Problem(
            "warning", "The last sync found no data", run.warnings[0]["text"], "nothing_found"
        )
    return None


def _get_last_sync(source: Source) -> Run | None:
    """The newest run that left its state with the source: as ingestion.finish writes it."""
    ended = source.runs.exclude(state__in=Run.ACTIVE_STATES).filter(is_preview=False)
    return ended.exclude(is_changeover=True, state=Run.State.FAILED).order_by("-finished_at", "-pk").first()


def _explain_files(run: Run, level: str) -> Problem:
    """The most frequent reason of the failed files, and the first file that has it."""
    failed = run.files.filter(state=RunFile.State.FAILED).order_by("pk")
    reasons: Counter[str] = Counter()
    first: dict[str, str] = {}
    for key, message in failed.values_list("key", "message")[:FAILED_FILES_COUNTED]:
        reasons[message] += 1
        first.setdefault(message, key)
    title = f"{run.files_failed:,} of {run.files_planned:,} files could not be read"
    if not reasons:
        return Problem(level, title, "The reasons are no longer kept.", "files")
    reason, times = reasons.most_common(1)[0]
    text = f"{first[reason]}: {reason}"
    if times > 1:
        text += f" {times - 1:,} more {'file has' if times == 2 else 'files have'} the same problem."
    if others := len(reasons) - 1:
        text += (
            f" {others:,} other {'reason is' if others == 1 else 'reasons are'} listed with the failed files."
        )
    return Problem(level, title, text, "files")
