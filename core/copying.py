"""PostgreSQL's COPY for polars frames."""

from __future__ import annotations

import io

import polars as pl
from django.db import connection


def copy_rows(table: str, rows: pl.DataFrame, *, quote: bool) -> None:
    """Append the rows to a table; the frame's columns are the table's.

    `quote` where the text is not our own: in COPY's CSV an empty cell without quotes is NULL.
    """
    buffer = io.BytesIO()
    rows.write_csv(buffer, include_header=False, quote_style="non_numeric" if quote else "never")
    statement = f"COPY {table} ({', '.join(rows.columns)}) FROM STDIN (FORMAT csv)"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.write(buffer.getbuffer())
