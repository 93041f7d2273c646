"""Combinations of dimension values, kept once each."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence

import polars as pl
from django.db import connection

from telemetry.models import Series

_AT_A_TIME = 5_000  # below what SQLite takes as parameters of one statement
_REMEMBERED = 300_000  # combinations, some tens of megabytes
_ID = "series_id"

Combination = tuple[str, ...]


class SeriesIds:
    """The ids of a telemetry's series by their dimension values, as far as they were asked for lately.

    The files of a telemetry hold mostly the same combinations: one of these serves a whole run.
    """

    def __init__(self, telemetry_id: int) -> None:
        self._telemetry_id = telemetry_id
        self._known: pl.DataFrame | None = None  # the dimension values, and `series_id`
        self._last: tuple[pl.DataFrame, pl.Series] | None = None  # asked for last, and the answer

    def find(self, combinations: pl.DataFrame) -> pl.Series:
        """The ids, in order, of combinations (dimension values only); series not there yet are created."""
        if not combinations.width:
            return self._create([series_key(())], [()])
        if self._last is None or not self._last[0].equals(combinations):  # most days have the same ones
            self._last = combinations, self._look_up(combinations)
        return self._last[1]

    def _look_up(self, combinations: pl.DataFrame) -> pl.Series:
        if self._known is None or self._known.height > _REMEMBERED:
            self._known = combinations.clear().with_columns(pl.lit(None, dtype=pl.Int64).alias(_ID))
        found = self._join(combinations)
        missing = found.filter(pl.col(_ID).is_null()).drop(_ID)
        if missing.height:
            ids = self._create(list_keys(missing), missing.rows())
            self._known = self._known.vstack(missing.with_columns(ids))
            found = self._join(combinations)
        return found[_ID]

    def _join(self, combinations: pl.DataFrame) -> pl.DataFrame:
        return combinations.join(self._known, on=combinations.columns, how="left", maintain_order="left")

    def _create(self, keys: Sequence[str], combinations: Sequence[Combination]) -> pl.Series:
        ids: list[int] = []
        for start in range(0, len(keys), _AT_A_TIME):
            some = slice(start, start + _AT_A_TIME)
            ids += _get_or_create(self._telemetry_id, keys[some], combinations[some])
        return pl.Series(_ID, ids, dtype=pl.Int64)


def series_key(dimensions: Sequence[str]) -> str:
    """128 bits of BLAKE2 in hex over the values, each behind its length in bytes, so that ("a", "b") is not
    ("ab", "").
    """
    return _hash("".join(f"{len(value.encode())}:{value}" for value in dimensions))


def list_keys(combinations: pl.DataFrame) -> list[str]:
    """`series_key` of each row."""
    parts = [
        part
        for name in combinations.columns
        for part in (pl.col(name).str.len_bytes().cast(pl.String), pl.lit(":"), pl.col(name))
    ]
    return [_hash(text) for text in combinations.select(pl.concat_str(parts)).to_series()]


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _get_or_create(telemetry_id: int, keys: Sequence[str], combinations: Sequence[Combination]) -> list[int]:
    """The ids of the series with these keys, in the same order. Safe beside other writers.

    Raises Series.DoesNotExist where the telemetry is being deleted.
    """
    known = _find(telemetry_id, keys)
    missing = {key: values for key, values in zip(keys, combinations, strict=True) if key not in known}
    if missing:
        known |= _insert(telemetry_id, missing)
        # Another reader of the same telemetry may have been first: conflicts are passed over, then looked up.
        known |= _find(telemetry_id, [key for key in missing if key not in known])
    if not known.keys() >= set(keys):
        raise Series.DoesNotExist("The telemetry was deleted in the meantime.")
    return [known[key] for key in keys]


def _find(telemetry_id: int, keys: Sequence[str]) -> dict[str, int]:
    if not keys:
        return {}
    if connection.vendor != "postgresql":
        found = Series.objects.filter(telemetry_id=telemetry_id, key__in=map(uuid.UUID, keys))
        return {key.hex: id_ for key, id_ in found.values_list("key", "id")}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(uuid_send(key), 'hex'), id FROM telemetry_series"
            " WHERE telemetry_id = %s AND key = ANY(%s::uuid[])",
            [telemetry_id, _array(keys)],
        )
        return dict(cursor.fetchall())


def _insert(telemetry_id: int, dimensions: dict[str, Combination]) -> dict[str, int]:
    """The ids of those that were not there; in one parameter: many cost more than the rows."""
    if connection.vendor != "postgresql":
        series = (
            Series(telemetry_id=telemetry_id, key=uuid.UUID(key), dimensions=values)
            for key, values in dimensions.items()
        )
        Series.objects.bulk_create(series, ignore_conflicts=True)
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO telemetry_series (telemetry_id, key, dimensions)
            SELECT %s, * FROM ROWS FROM (unnest(%s::uuid[]), jsonb_array_elements(%s::jsonb)) AS new
            ON CONFLICT DO NOTHING RETURNING encode(uuid_send(key), 'hex'), id""",
            [telemetry_id, _array(dimensions), json.dumps(list(dimensions.values()), ensure_ascii=False)],
        )
        return dict(cursor.fetchall())


def _array(keys: Sequence[str] | dict[str, Combination]) -> str:
    """An array in PostgreSQL's notation."""
    return "{" + ",".join(keys) + "}"


def delete_unused_series(*, telemetry_id: int) -> None:
    """Combinations that stand in no point. Only while nobody else writes points of the telemetry."""
    with connection.cursor() as cursor:
        cursor.execute(
            """DELETE FROM telemetry_series WHERE id IN (
                SELECT id FROM telemetry_series WHERE telemetry_id = %s
                EXCEPT
                SELECT p.series_id FROM telemetry_datapoint p
                JOIN ingestion_sourcefile f ON f.id = p.source_file_id WHERE f.source_id = %s)""",
            [telemetry_id, telemetry_id],
        )
