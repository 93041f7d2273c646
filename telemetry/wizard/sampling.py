"""The sampled rows: read from the newest files by the sync's own reader, kept in the cache for an hour.

Cells never enter the database (rule 5 of the design): a draft keeps the names and versions of the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import combinations
from typing import Any

from django.core.cache import cache

from csvfiles.dates import parse_date
from csvfiles.errors import EmptyFile, FileError
from csvfiles.readings import ColumnDates, DatedCell, read_column
from csvfiles.sample import Sample, sample_file
from csvfiles.spelling import explain_difference, has_unseen, quote_name
from csvfiles.trial import count_distinct, guess_type, try_decimal_commas
from endpoints.models import S3Endpoint
from endpoints.storage import Bucket, ObjectChanged, ObjectGone, S3Object, StorageError, open_bucket
from ingestion.newest import TIME_ZONES
from telemetry.limits import get_limits
from telemetry.models.drafts import TelemetryDraft
from telemetry.wizard.listing import SAMPLED_FILES, list_first_files, looking_into

KEPT_SECONDS = 3600
MOST_EMPTY = 20  # files that hold nothing, passed over to find some that do
ROWS_TO_GUESS_BY = 500
EXAMPLES = 3
NAMES_COMPARED = 50

SampleProblems = (StorageError, FileError)


@dataclass(frozen=True, slots=True)
class Column:
    """What the sample says of a column. `kind`: date, number or text, a guess for display alone."""

    name: str
    kind: str
    distinct: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    number: int | None  # the header is row 1; None where the row stands near the end of a large file
    cells: dict[str, str]

    @property
    def place(self) -> str:
        where = f"row {self.number}" if self.number else "a row near the end"
        return f"{where} of {self.key}"


@dataclass(frozen=True, slots=True)
class DraftSample:
    """Rows of the sampled files with the columns that all of these have, in the newest file's order."""

    files: tuple[S3Object, ...]
    columns: tuple[Column, ...]
    uneven: tuple[str, ...]  # columns that some of the files have, and some have not
    rows: tuple[Row, ...]
    ragged: int  # rows of another width than their header, not among `rows`
    headers: int  # rows that repeat their header, not among `rows`
    delimiters: dict[str, str]  # by key: what separates the file's cells

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def cells(self, column: str) -> list[str]:
        return [row.cells[column] for row in self.rows]

    def find(self, column: str, cell: str) -> Row:
        """The first row that holds `cell` in `column`."""
        return next(row for row in self.rows if row.cells[column] == cell)

    def find_decimal_commas(self, column: str) -> str | None:
        """Why one of the files may have decimal commas in this column, and the remedy."""
        for key, delimiter in self.delimiters.items():
            cells = [(row.number, row.cells[column]) for row in self.rows if row.key == key]
            if problem := try_decimal_commas(cells, delimiter=delimiter, column=column):
                return f"{key}: {problem}"
        return None

    @property
    def names_with_unseen(self) -> list[str]:
        """Names of columns in which not everything is seen, spelled out."""
        return [quote_name(name) for name in (*self.names, *self.uneven) if has_unseen(name)]

    @property
    def names_alike(self) -> list[str]:
        """How columns that are not in all of the files come near to others, a sentence each."""
        return [
            f"{quote_name(other)} differs from {quote_name(name)} only by {difference}."
            for name, other in combinations(self.uneven[:NAMES_COMPARED], 2)
            if (difference := explain_difference(name, other))
        ]

    def dated_cells(self, column: str) -> list[DatedCell]:
        """The column's cells beside the time of their files."""
        latest = {file.key: file.last_modified.astimezone(UTC).date() + TIME_ZONES for file in self.files}
        return [DatedCell(row.cells[column], latest[row.key]) for row in self.rows]

    def read_dates(self, column: str) -> ColumnDates:
        return read_column(self.dated_cells(column))

    def guess_date(self) -> tuple[str, ColumnDates] | None:
        """The first column that is a date in every row, and its dates; None where there is none."""
        for column in self.columns:
            if column.kind == "date" and (dates := self.read_dates(column.name)).date_format:
                return column.name, dates
        return None

    def recent_rows(self, *, column: str, date_format: str, count: int) -> list[Row]:
        """The rows of the newest dates; last those without a date, or with one after their file's time."""

        def newest_first(pair: tuple[Row, DatedCell]) -> date:
            day = parse_date(pair[1].text, date_format)
            return day if day and pair[1].holds(day) else date.min

        pairs = zip(self.rows, self.dated_cells(column), strict=True)
        return [row for row, _ in sorted(pairs, key=newest_first, reverse=True)[:count]]


def get_sample(*, draft: TelemetryDraft, endpoint: S3Endpoint, prefix: str) -> DraftSample:
    """The draft's sample, from the cache or read again. Raises StorageError and FileError."""
    source = (endpoint.pk, endpoint.role_arn, endpoint.bucket, endpoint.region, endpoint.full_prefix(prefix))
    kept = cache.get(_cache_key(draft))
    if kept and kept[0] == source:
        return kept[1]
    with looking_into(endpoint):
        sample = _read_sample(endpoint, prefix, [_as_object(entry) for entry in draft.sampled])
    cache.set(_cache_key(draft), (source, sample), KEPT_SECONDS)
    return sample


def read_columns(*, endpoint: S3Endpoint, prefix: str) -> tuple[str, ...]:
    """The columns that all of the newest files have, read now. Raises StorageError and FileError."""
    with looking_into(endpoint):
        return _read_sample(endpoint, prefix, ()).names


def forget_sample(*, draft: TelemetryDraft) -> None:
    cache.delete(_cache_key(draft))


def as_entries(files: Sequence[S3Object]) -> list[dict[str, Any]]:
    """Object versions as a draft keeps them."""
    return [
        {"key": f.key, "etag": f.etag, "size": f.size, "last_modified": f.last_modified.isoformat()}
        for f in files
    ]


def _as_object(entry: dict[str, Any]) -> S3Object:
    moment = datetime.fromisoformat(entry["last_modified"]).astimezone(UTC)
    return S3Object(entry["key"], entry["etag"], entry["size"], moment)


def _cache_key(draft: TelemetryDraft) -> str:
    return f"wizard-sample-2:{draft.public_id}"


def _read_sample(endpoint: S3Endpoint, prefix: str, wanted: Sequence[S3Object]) -> DraftSample:
    """Read the wanted versions; the newest files where none are wanted or one is no longer there."""
    bucket = open_bucket(endpoint, prefix=prefix)
    if wanted:
        try:
            return _combine(_read_files(bucket, wanted))
        except (ObjectChanged, ObjectGone):
            pass
    listing = list_first_files(endpoint=endpoint, prefix=prefix)
    if listing.reason_to_stop:
        raise FileError("no_files", listing.reason_to_stop, "")
    return _combine(_read_files(bucket, listing.csv_files[:MOST_EMPTY]))


def _read_files(bucket: Bucket, files: Sequence[S3Object]) -> dict[S3Object, Sample]:
    """The first SAMPLED_FILES of these that hold anything, all split as the first that has rows is."""
    samples: dict[S3Object, Sample] = {}
    for obj in files:
        try:
            samples[obj] = _read_file(bucket, obj)
        except EmptyFile as error:
            empty = FileError(error.code, f"{obj.key}: {error.message}", error.remedy)
        if len(samples) == SAMPLED_FILES:
            break
    if not samples:
        raise empty
    like = next((sample for sample in samples.values() if sample.rows), None)
    for obj, sample in samples.items():
        if like is not None and sample.delimiter != like.delimiter:
            samples[obj] = _read_file(bucket, obj, known=like.columns)
    return samples


def _read_file(bucket: Bucket, obj: S3Object, *, known: Sequence[str] = ()) -> Sample:
    """Raises FileError with the file's key."""

    def fetch(start: int, length: int) -> bytes:
        return bucket.read_range(obj, start=start, length=length)

    try:
        return sample_file(fetch, key=obj.key, size=obj.size, known=known, limits=get_limits())
    except EmptyFile:
        raise
    except FileError as error:
        raise FileError(error.code, f"{obj.key}: {error.message}", error.remedy) from None


def _combine(files: dict[S3Object, Sample]) -> DraftSample:
    samples = list(files.values())
    names = [name for name in samples[0].columns if all(name in sample.columns for sample in samples)]
    every_name = dict.fromkeys(name for sample in samples for name in sample.columns)
    rows = tuple(row for sample in samples for row in _rows(sample, names))
    if not rows:
        raise _describe_no_rows(files)
    return DraftSample(
        files=tuple(files),
        columns=tuple(_describe(name, [row.cells[name] for row in rows]) for name in names),
        uneven=tuple(name for name in every_name if name not in names),
        rows=rows,
        ragged=sum(sample.ragged for sample in samples),
        headers=sum(sample.headers for sample in samples),
        delimiters={obj.key: sample.delimiter for obj, sample in files.items()},
    )


def _describe_no_rows(files: dict[S3Object, Sample]) -> FileError:
    keys = ", ".join(obj.key for obj in files)
    ragged = sum(sample.ragged for sample in files.values())
    rejected = f": {ragged:,} have more or fewer cells than their header" if ragged else ""
    return FileError(
        "no_rows",
        f"No row could be read from the newest files ({keys}){rejected}.",
        "Upload a file with rows below its header, or choose another prefix.",
    )


def _rows(sample: Sample, names: Sequence[str]) -> Iterable[Row]:
    positions = [(name, sample.columns.index(name)) for name in names]
    for row in sample.rows:
        yield Row(row.key, row.number, {name: row.cells[position] for name, position in positions})


def _describe(name: str, cells: list[str]) -> Column:
    examples = tuple(dict.fromkeys(cells))[:EXAMPLES]
    return Column(name, guess_type(cells[:ROWS_TO_GUESS_BY]), count_distinct(cells), examples)
