"""Files that cannot be read again go on counting under other dimensions, by the points that are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

import polars as pl
from django.db import connection, transaction
from django.db.models import Count, QuerySet

from core.decimals import plain
from core.exact_sum import sum_function
from core.rows import as_date, stream_rows
from csvfiles.numbers import DIGITS, fits
from ingestion.datasets import CannotReproject
from ingestion.models import FileDay, RejectedDay, SourceFile
from ingestion.versions import LoadLost, begin_loads
from telemetry.blocks import BlockWriter
from telemetry.daily_totals import dimension_sql
from telemetry.models import Telemetry
from telemetry.selectors import list_dimensions
from telemetry.series import SeriesIds

State = SourceFile.State

_POINTS_AT_A_TIME = 100_000
_KEYS_NAMED = 50


@dataclass(frozen=True, slots=True)
class Reprojected:
    """Staged files that were made of stored points; `keys` are the first of them."""

    files: int
    days: int
    keys: list[str]


def list_unread(*, telemetry: Telemetry) -> QuerySet[SourceFile]:
    """Stored files of which nothing is staged: gone from the bucket, or not to be read any more."""
    staged = telemetry.source_files.filter(state=State.STAGED).values("key")
    return telemetry.source_files.filter(state=State.STORED).exclude(key__in=staged).order_by("pk")


def reproject_unread(*, telemetry: Telemetry, dimensions: Sequence[str], renew: Callable[[], None]) -> None:
    """Stage a version of each file that could not be read again. Raises CannotReproject, LoadLost."""
    for source_file in list_unread(telemetry=telemetry).iterator(chunk_size=500):
        reproject_file(telemetry=telemetry, source_file=source_file, dimensions=dimensions, renew=renew)
        renew()


def reproject_file(
    *, telemetry: Telemetry, source_file: SourceFile, dimensions: Sequence[str], renew: Callable[[], None]
) -> None:
    """Stage a version that is made of the file's stored points. Raises CannotReproject, LoadLost.

    Over dimensions that are dropped the points add up, as the file's rows would; under a new one they all
    have the empty string. `renew` is called as the work goes on.
    """
    [copy] = begin_loads(source=telemetry, versions=[source_file.version])
    points, series, writer = 0, SeriesIds(telemetry.pk), BlockWriter()
    for part, frame in enumerate(_project(telemetry, source_file, dimensions)):
        writer.add(_find_series(frame, series), source_file_id=copy.pk, part=part)
        points += frame.height
        renew()
    writer.flush()
    with transaction.atomic():
        FileDay.objects.bulk_create(
            FileDay(source_file=copy, date=day.date, rows=day.rows, value=day.value)
            for day in source_file.days.all()
        )
        RejectedDay.objects.bulk_create(
            RejectedDay(source_file=copy, date=day.date, rows=day.rows)
            for day in source_file.rejected_days.all()
        )
        staged = SourceFile.objects.filter(pk=copy.pk, state=State.READING).update(
            state=State.STAGED,
            rows_read=source_file.rows_read,
            rows_rejected=source_file.rows_rejected,
            rejected_undated=source_file.rejected_undated,
            imported_at=source_file.imported_at,
            points=points,
            is_reprojected=True,
        )
        if not staged:
            raise LoadLost(copy.key)


def describe_reprojected(*, telemetry: Telemetry) -> Reprojected:
    """Which of the staged files were reprojected."""
    files = telemetry.source_files.filter(state=State.STAGED, is_reprojected=True)
    days = FileDay.objects.filter(source_file__in=files).aggregate(days=Count("date", distinct=True))
    keys = list(files.order_by("key").values_list("key", flat=True)[:_KEYS_NAMED])
    return Reprojected(files.count(), days["days"], keys)


def _project(
    telemetry: Telemetry, source_file: SourceFile, dimensions: Sequence[str]
) -> Iterator[pl.DataFrame]:
    """The file's points by `d1`, `d2`, …, each date and combination once; `date` and `value` beside them."""
    held = list_dimensions(telemetry=telemetry)
    names = {column: f"d{place}" for place, column in enumerate(dimensions, 1)}
    kept = [column for column in dimensions if column in held]
    cells = "".join(f", {dimension_sql('s', held.index(column) + 1)}" for column in kept)
    groups = ", ".join(str(place) for place in range(1, len(kept) + 2))
    sql = f"""SELECT p.date{cells}, {sum_function(connection.vendor)}(p.value)
        FROM telemetry_datapoint p JOIN telemetry_series s ON s.id = p.series_id
        WHERE p.source_file_id = %s GROUP BY {groups}"""
    schema = {"date": pl.Date, **{names[column]: pl.String for column in kept}, "value": pl.String}
    new = [pl.lit("").alias(names[column]) for column in dimensions if column not in held]
    rows = stream_rows(sql, [source_file.pk])
    while some := list(islice(rows, _POINTS_AT_A_TIME)):
        _check_values(source_file, some)
        points = [(as_date(day), *cells, plain(Decimal(str(value)))) for day, *cells, value in some]
        frame = pl.DataFrame(points, schema=schema, orient="row").with_columns(new)
        yield frame.select("date", *names.values(), "value")


def _find_series(frame: pl.DataFrame, series: SeriesIds) -> pl.DataFrame:
    combinations = frame.drop("date", "value").unique(maintain_order=True)
    ids = series.find(combinations).alias("series_id")
    if not combinations.width:
        return frame.with_columns(pl.lit(ids[0]).alias("series_id"))
    numbered = combinations.with_columns(ids)
    joined = frame.join(numbered, on=combinations.columns, how="left", maintain_order="left")
    return joined.select("date", "series_id", "value")


def _check_values(source_file: SourceFile, rows: Sequence[tuple]) -> None:
    if not all(fits(Decimal(str(row[-1]))) for row in rows):
        raise CannotReproject(
            f"The stored points of {source_file.key} add up to values of more than {DIGITS} digits. "
            "Keep a dimension that tells them apart."
        )


def explain_unread(unread: Reprojected) -> str:
    """Why other dimensions cannot be applied while these files are not agreed to."""
    first = ", ".join(unread.keys[:3])
    more = f" and {unread.files - 3:,} more" if unread.files > 3 else ""
    return (
        f"Stored files that cannot be read again by the new dimensions: {unread.files:,} "
        f"with {unread.days:,} days ({first}{more}). Put them back, or agree that they keep counting with an "
        "empty value under the new dimension."
    )
