"""PostgreSQL's COPY, for whole frames."""

from __future__ import annotations

import io

import polars as pl
from django.db import connection


def copy_rows(table: str, rows: pl.DataFrame) -> None:
    """Append the rows to a table; the frame's columns are the table's. Text comes as it is, "" as ""."""
    buffer = io.BytesIO()
    # All text in quotes: in COPY's CSV an empty cell without them is NULL.
    rows.write_csv(buffer, include_header=False, quote_style="non_numeric")
    statement = f"COPY {table} ({', '.join(rows.columns)}) FROM STDIN (FORMAT csv)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(buffer.getbuffer())
