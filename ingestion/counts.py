"""The counts of a run in words, what happened before what did not."""

from __future__ import annotations

from collections.abc import Sequence

from django.template.defaultfilters import pluralize

from ingestion.models import Run


def describe_files(run: Run) -> str:
    """`90 files read; 0 failed, unchanged or ignored`; with failures these come first."""
    found = [(number, word) for number, word in _count_files(run) if number]
    missing = [word for number, word in _count_files(run) if not number]
    if not found:
        return "No files found"
    number, word = found[0]
    parts = [f"{number:,} file{pluralize(number)} {word}", *(f"{n:,} {word}" for n, word in found[1:])]
    text = ", ".join(parts)
    return f"{text}; 0 {_join_or(missing)}" if missing else text


def list_files(run: Run) -> str:
    """`1 failed, 2 read`: for a cell of a table; `None` where there were none."""
    return ", ".join(f"{number:,} {word}" for number, word in _count_files(run) if number) or "None"


def describe_rows(run: Run) -> str:
    """`5,000 rows read: 4,897 used, 103 rejected`; `No rows read` where there were none."""
    if not run.rows_read:
        return "No rows read"
    read = f"{run.rows_read:,} row{pluralize(run.rows_read)} read"
    if not run.rows_rejected:
        return f"{read}, all used"
    return f"{read}: {run.rows_used:,} used, {run.rows_rejected:,} rejected"


def _count_files(run: Run) -> Sequence[tuple[int, str]]:
    """What needs somebody first."""
    return [
        (run.files_failed, "failed"),
        (run.files_read, "read"),
        (run.files_unchanged, "unchanged"),
        (run.files_ignored, "ignored"),
    ]


def _join_or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
