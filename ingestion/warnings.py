"""What a person should look at although a run went well: each a kind and a text of a sentence or two.

What only the dataset knows of its files it adds (Dataset.warnings). A new kind is a function in WARNINGS.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date

from django.db.models import Count, F, QuerySet, Sum
from django.template.defaultfilters import pluralize

from core.dates import spell
from ingestion.datasets import get_dataset
from ingestion.models import FileDay, Run, RunFile, SourceFile
from ingestion.newest import TIME_ZONES

Warn = Callable[[Run, date], str | None]


def list_warnings(run: Run, *, today: date) -> list[dict[str, str]]:
    """[{kind, text}], those of the run as a whole first."""
    kinds = [*WARNINGS, *(OF_FILES if run.files_planned else ())]
    found = [{"kind": kind, "text": text} for kind, warn in kinds if (text := warn(run, today))]
    return found + get_dataset(run.source.kind).warnings(run, today=today)


def _warn_drift(run: Run, _today: date) -> str | None:
    """What was previewed is not quite what was done: the files were not the same any more."""
    if run.preview is None:
        return None
    if run.reads_files:
        before, now = (set(one.files.values_list("key", "etag")) for one in (run.preview, run))
        different = len({key for key, _ in before ^ now})
    else:
        stored = run.source.source_files.filter(state=SourceFile.State.STORED)
        different = stored.filter(imported_at__gt=run.preview.finished_at).count()
    if not different:
        return None
    return (
        f"Since the preview, files were added, changed or deleted: {different:,}. "
        "What was done differs from what was shown by what they hold."
    )


def _warn_nothing_found(run: Run, _today: date) -> str | None:
    place = f"s3://{run.source.endpoint.bucket}/{run.source.full_prefix}"
    if run.found_nothing:
        return f"There is nothing under {place}. Check the prefix, or that the export has run."
    if run.files_unchanged:
        return None
    empty = run.files.filter(state=RunFile.State.IGNORED).count() if run.files_planned else 0
    ignored = run.files_ignored + empty
    if ignored and run.files_planned == empty:
        return (
            f"None of the {ignored} objects under {place} is a CSV file with anything in it "
            "(names ending in .csv or .csv.gz) that is not archived."
        )
    return None


def _warn_rejected(run: Run, _today: date) -> str | None:
    """One text for all of them; None where every row could be used. Rows of failed files are not counted."""
    read = run.files.filter(state=RunFile.State.READ)
    with_rejects = read.filter(source_file__rows_rejected__gt=0).order_by("pk")
    reasons: Counter[str] = Counter()
    for of_file in with_rejects.values_list("reject_reasons", flat=True).iterator():
        reasons.update(of_file)
    if not reasons:
        return None
    rejected, rows = reasons.total(), read.aggregate(rows=Sum("source_file__rows_read"))["rows"]
    reason, times = min(reasons.items(), key=lambda item: (-item[1], item[0]))
    of = f"{rejected:,} of {rows:,} row{pluralize(rows)} {pluralize(rejected, 'was,were')} rejected"
    why = f": {reason}" if len(reasons) == 1 else f", most often ({times:,}): {reason}"
    return f"{of}{why}. {_name_place(with_rejects)}"


def _name_place(files: QuerySet[RunFile]) -> str:
    """Where they are: `files` are those that have any."""
    first, count = files[0].key, files.count()
    useless = files.filter(source_file__rows_read=F("source_file__rows_rejected"))
    if count == 1:
        return f"That is every row of {first}." if useless else f"In {first}."
    place = f"In {count:,} files, first in {first}."
    if not useless:
        return place
    more = useless.count() - 1
    others = f" and of {more:,} more files" if more else ""
    return f"{place} Every row of {useless[0].key}{others} was rejected."


def _warn_passed_over(run: Run, _today: date) -> str | None:
    """Bytes of files that were read and are not in what was read."""
    noted = run.files.filter(state=RunFile.State.READ).exclude(message="").order_by("pk")
    first = noted.first()
    if first is None:
        return None
    more = noted.count() - 1
    return f"{first.key}: {first.message}" + (f" So it was with {more:,} more files." if more else "")


def _warn_extra_columns(run: Run, _today: date) -> str | None:
    names: dict[str, None] = {}
    read = run.files.filter(state=RunFile.State.READ).exclude(extra_columns=[])
    for columns in read.values_list("extra_columns", flat=True)[:1_000]:
        names |= dict.fromkeys(columns)
    return f"Columns that are not used: {', '.join(list(names)[:50])}." if names else None


def _warn_later_dates(run: Run, today: date) -> str | None:
    read = run.files.filter(state=RunFile.State.READ).values("source_file")
    days = FileDay.objects.filter(source_file__in=read, date__gt=today + TIME_ZONES)
    dates = days.aggregate(dates=Count("date", distinct=True))["dates"]
    if not dates:
        return None
    newest = days.select_related("source_file").order_by("-date", "source_file__key")[0]
    return (
        f"Dates after tomorrow: {dates:,}. The newest is {spell(newest.date)} in {newest.source_file.key}. "
        "They count on their own dates, but freshness, coverage and charts go by the newest date up to "
        "tomorrow. If such dates are not meant, correct the files and sync again."
    )


WARNINGS: tuple[tuple[str, Warn], ...] = (
    ("files_differ_from_preview", _warn_drift),
    ("nothing_found", _warn_nothing_found),
)
OF_FILES: tuple[tuple[str, Warn], ...] = (
    ("rows_rejected", _warn_rejected),
    ("bytes_ignored", _warn_passed_over),
    ("columns_not_used", _warn_extra_columns),
    ("dates_after_tomorrow", _warn_later_dates),
)
