"""Points on their way into the database: one row for each date of a batch, all of its points within."""

from __future__ import annotations

import json

import polars as pl
from django.db import connection, transaction

from core.copying import copy_rows
from csvfiles.adding import only_date

TABLE = "telemetry_pointblock"
_POINTS_AT_A_TIME = 125_000


class BlockWriter:
    """Writes batches of several files, small ones together: a statement costs as much as many rows."""

    def __init__(self) -> None:
        self._waiting: dict[int, list[pl.DataFrame]] = {}  # by source file
        self._points = 0
        self._ids: tuple[pl.Series, str] | None = None  # the last date's, and as text: most have the same

    def add(self, points: pl.DataFrame, *, source_file_id: int, part: int) -> None:
        """A batch of a file: `date`, `series_id` (each once a date) and `value` (plain decimal text)."""
        blocks = self._make_blocks(points).with_columns(
            pl.lit(source_file_id).alias("source_file_id"), pl.lit(part).alias("part")
        )
        self._waiting.setdefault(source_file_id, []).append(blocks)
        self._points += points.height
        if self._points >= _POINTS_AT_A_TIME:
            self.flush()

    def discard(self, *, source_file_id: int) -> None:
        """Forget what waits of a file."""
        self._waiting.pop(source_file_id, None)

    def _make_blocks(self, points: pl.DataFrame) -> pl.DataFrame:
        if connection.vendor != "postgresql":
            return points.group_by("date", maintain_order=True).agg("series_id", "value")
        if only_date(points["date"]):
            return self._make_block(points)
        ids, values = pl.col("series_id").cast(pl.String), pl.col("value")
        dates = points.group_by("date", maintain_order=True)
        return dates.agg(_array(ids).alias("series_ids"), _array(values).alias("series_values"))

    def _make_block(self, points: pl.DataFrame) -> pl.DataFrame:
        ids = points["series_id"]
        if self._ids is None or not self._ids[0].equals(ids):
            self._ids = ids, _write_ids(ids)
        return points.select(
            pl.col("date").first(),
            pl.lit(self._ids[1]).alias("series_ids"),
            _array(pl.col("value")).alias("series_values"),
        )

    def flush(self) -> None:
        """Write what waits."""
        waiting = [blocks for batches in self._waiting.values() for blocks in batches]
        self._waiting, self._points = {}, 0
        if waiting:
            _write(pl.concat(waiting))


def _write_ids(ids: pl.Series) -> str:
    return ids.to_frame("id").select(_array(pl.col("id").cast(pl.String))).item()


def _array(elements: pl.Expr) -> pl.Expr:
    """An array in PostgreSQL's notation: {1,2,3}."""
    return pl.concat_str(pl.lit("{"), elements.str.join(","), pl.lit("}"))


def _write(blocks: pl.DataFrame) -> None:
    if connection.vendor == "postgresql":
        copy_rows(TABLE, blocks, quote=True)
        return
    columns = blocks.select("source_file_id", "part", "date", "series_id", "value")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {TABLE} (source_file_id, part, date, series_ids, series_values)"
            " VALUES (%s, %s, %s, %s, %s)",
            [
                (file, part, day, json.dumps(ids), json.dumps(dict(zip(ids, values, strict=True))))
                for file, part, day, ids, values in columns.iter_rows()
            ],
        )
