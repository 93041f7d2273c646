"""What a run says of its rejected rows: how many, why most of them, and where."""

from __future__ import annotations

from collections import Counter

from django.db.models import F, QuerySet, Sum
from django.template.defaultfilters import pluralize

from ingestion.models import RunFile, SyncRun


def warn_rejected(run: SyncRun) -> str | None:
    """One text for all of them; None where every row could be used. Rows of failed files are not counted."""
    read = run.files.filter(state=RunFile.State.READ)
    with_rejects = read.filter(rows_rejected__gt=0).order_by("pk")
    reasons: Counter[str] = Counter()
    for of_file in with_rejects.values_list("reject_reasons", flat=True).iterator():
        reasons.update(of_file)
    if not reasons:
        return None
    rejected, rows = reasons.total(), read.aggregate(rows=Sum("rows_read"))["rows"]
    reason, times = min(reasons.items(), key=lambda item: (-item[1], item[0]))
    of = f"{rejected:,} of {rows:,} row{pluralize(rows)} {pluralize(rejected, 'was,were')} rejected"
    why = f": {reason}" if len(reasons) == 1 else f", most often ({times:,}): {reason}"
    return f"{of}{why}. {_place(with_rejects)}"


def _place(files: QuerySet[RunFile]) -> str:
    """Where they are: `files` are those that have any."""
    first, count = files.first().key, files.count()
    useless = files.filter(rows_read=F("rows_rejected"))
    if count == 1:
        return f"That is every row of {first}." if useless else f"In {first}."
    place = f"In {count:,} files, first in {first}."
    if not useless:
        return place
    more = useless.count() - 1
    others = f" and of {more:,} more files" if more else ""
    return f"{place} Every row of {useless.first().key}{others} was rejected."
