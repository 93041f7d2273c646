"""Points on their way into the database: one row for each date of a batch, all of its points within."""

from __future__ import annotations

import json

import polars as pl
from django.db import connection, transaction

from telemetry.copying import copy_rows

TABLE = "telemetry_pointblock"


def write_blocks(points: pl.DataFrame, *, source_file_id: int, part: int) -> None:
    """Append a batch of a file: `date`, `series_id` (each once a date) and `value` (plain decimal text)."""
    dates = points.group_by("date", maintain_order=True)
    if connection.vendor == "postgresql":
        ids, values = pl.col("series_id").cast(pl.String), pl.col("value")
        blocks = dates.agg(_array(ids).alias("series_ids"), _array(values).alias("series_values"))
        copy_rows(TABLE, blocks.select(*_file_and_part(source_file_id, part), pl.all()), quote=True)
    else:
        _insert(dates.agg("series_id", "value"), source_file_id, part)


def _file_and_part(source_file_id: int, part: int) -> tuple[pl.Expr, pl.Expr]:
    return pl.lit(source_file_id).alias("source_file_id"), pl.lit(part).alias("part")


def _array(elements: pl.Expr) -> pl.Expr:
    """An array in PostgreSQL's notation: {1,2,3}."""
    return pl.concat_str(pl.lit("{"), elements.str.join(","), pl.lit("}"))


def _insert(blocks: pl.DataFrame, source_file_id: int, part: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {TABLE} (source_file_id, part, date, series_ids, series_values)"
            " VALUES (%s, %s, %s, %s, %s)",
            [
                (source_file_id, part, day, json.dumps(ids), json.dumps(dict(zip(ids, values, strict=True))))
                for day, ids, values in blocks.iter_rows()
            ],
        )
