"""Which columns a telemetry's files have, as far as they were read: the choice of dimensions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet

from csvfiles.spelling import explain_difference, quote_name, quote_names
from ingestion.models import RunFile, SourceFile
from telemetry.models import Telemetry
from telemetry.selectors import list_dimensions

FILES_LOOKED_AT = 1_000  # the newest
DIFFERENCES_TOLD = 3
LONGEST_NAME = 200  # characters; Dimension.column takes no more


@dataclass(frozen=True, slots=True)
class KnownColumn:
    """A column that can be a dimension, and how many of the newest `of` files have it."""

    name: str
    files: int
    of: int

    @property
    def is_in_some(self) -> bool:
        return self.files < self.of


def list_known_columns(*, telemetry: Telemetry) -> list[KnownColumn]:
    """The dimensions in their order, then the other columns in the order of the newest file's header.

    Only the dimensions where no header is kept: before the first sync, or while no file has been read.
    """
    held = list_dimensions(telemetry=telemetry)
    headers = _list_headers(telemetry, held)
    counts = Counter(name for header in headers for name in dict.fromkeys(header))
    for mapped in (telemetry.date_column, telemetry.metric_column):
        counts.pop(mapped, None)
    others = [name for name in counts if name not in held and 0 < len(name) <= LONGEST_NAME]
    return [KnownColumn(name, counts[name], len(headers)) for name in (*held, *others)]


def check_known(*, telemetry: Telemetry, dimensions: Sequence[str]) -> None:
    """Refuse a name that no file has, before any file is read for it. Raises ValidationError."""
    known = [column.name for column in list_known_columns(telemetry=telemetry)]
    unknown = [name for name in dimensions if name not in known]
    if unknown and _has_headers(telemetry):
        raise ValidationError({"dimensions": explain_unknown(unknown, known)})


def explain_unknown(unknown: Sequence[str], known: Sequence[str]) -> str:
    differences = (
        f" {quote_name(name)} differs from {quote_name(other)} only by {difference}."
        for name in unknown
        for other in known
        if (difference := explain_difference(name, other))
    )
    columns, them = ("columns", "them") if len(unknown) > 1 else ("column", "it")
    choice = f"Columns to choose from: {quote_names(known)}." if known else "There is no column to choose."
    return (
        f"Unknown {columns} {quote_names(unknown)}: no file of this telemetry has {them}."
        f"{''.join(islice(differences, DIFFERENCES_TOLD))} {choice} "
        "If the newest files have a new column, sync first."
    )


def _list_headers(telemetry: Telemetry, held: Sequence[str]) -> list[list[str]]:
    """A header a key, the newest file's first; of one that was read, without the date and the metric."""
    newest: dict[str, list[str]] = {}
    looked_at = _select_files(telemetry).order_by(F("source_file__last_modified").desc(), "-pk")
    for key, state, extra in looked_at.values_list("key", "state", "extra_columns")[:FILES_LOOKED_AT]:
        newest.setdefault(key, [*held, *extra] if state == RunFile.State.READ else extra)
    return list(newest.values())


def _has_headers(telemetry: Telemetry) -> bool:
    return _select_files(telemetry).exists()


def _select_files(telemetry: Telemetry) -> QuerySet[RunFile]:
    """What the files that count came to when they were read, and the newest that lack a mapped column."""
    lacking = Q(state=RunFile.State.FAILED) & ~Q(extra_columns=[])
    return RunFile.objects.filter(
        Q(state=RunFile.State.READ) | lacking,
        source_file__source=telemetry,
        source_file__state__in=[SourceFile.State.STORED, SourceFile.State.FAILED],
    )
