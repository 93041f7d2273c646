"""Combinations of dimension values, kept once each."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence

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
            return pl.Series(_ID, self._create([()]), dtype=pl.Int64)
        if self._last is None or not self._last[0].equals(combinations):  # most days have the same ones
            self._last = combinations, self._look_up(combinations)
        return self._last[1]

    def _look_up(self, combinations: pl.DataFrame) -> pl.Series:
        if self._known is None or self._known.height > _REMEMBERED:
            self._known = combinations.clear().with_columns(pl.lit(None, dtype=pl.Int64).alias(_ID))
        found = self._join(combinations)
        missing = found.filter(pl.col(_ID).is_null()).drop(_ID)
        if missing.height:
            ids = pl.Series(_ID, self._create(missing.rows()), dtype=pl.Int64)
            self._known = self._known.vstack(missing.with_columns(ids))
            found = self._join(combinations)
        return found[_ID]

    def _join(self, combinations: pl.DataFrame) -> pl.DataFrame:
        return combinations.join(self._known, on=combinations.columns, how="left", maintain_order="left")

    def _create(self, combinations: Sequence[Combination]) -> list[int]:
        return get_or_create_series(telemetry_id=self._telemetry_id, combinations=combinations)


def series_key(dimensions: Sequence[str]) -> uuid.UUID:
    """128 bits of BLAKE2 over the values, each behind its length, so that ("a", "b") is not ("ab", "")."""
    encoded = [value.encode() for value in dimensions]
    text = b"".join(b"%d:%b" % (len(value), value) for value in encoded)
    return uuid.UUID(bytes=hashlib.blake2b(text, digest_size=16).digest())


def get_or_create_series(*, telemetry_id: int, combinations: Sequence[Combination]) -> list[int]:
    """The ids of the series with these dimension values, in the same order. Safe beside other writers.

    Raises Series.DoesNotExist where the telemetry is being deleted.
    """
    ids: list[int] = []
    for start in range(0, len(combinations), _AT_A_TIME):
        ids += _resolve(telemetry_id, combinations[start : start + _AT_A_TIME])
    return ids


def _resolve(telemetry_id: int, combinations: Sequence[Combination]) -> list[int]:
    by_key = {series_key(combination): combination for combination in combinations}
    known = _find(telemetry_id, list(by_key))
    missing = {key: values for key, values in by_key.items() if key not in known}
    if missing:
        known |= _insert(telemetry_id, missing)
        # Another reader of the same telemetry may have been first: conflicts are passed over, then looked up.
        known |= _find(telemetry_id, [key for key in missing if key not in known])
    if len(known) < len(by_key):
        raise Series.DoesNotExist("The telemetry was deleted in the meantime.")
    return [known[key] for key in by_key]


def _find(telemetry_id: int, keys: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    if not keys:
        return {}
    if connection.vendor != "postgresql":
        found = Series.objects.filter(telemetry_id=telemetry_id, key__in=keys)
        return dict(found.values_list("key", "id"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, id FROM telemetry_series WHERE telemetry_id = %s AND key = ANY(%s::uuid[])",
            [telemetry_id, _array(keys)],
        )
        return dict(cursor.fetchall())


def _insert(telemetry_id: int, dimensions: dict[uuid.UUID, Combination]) -> dict[uuid.UUID, int]:
    """The ids of those that were not there; in one parameter: many cost more than the rows."""
    if connection.vendor != "postgresql":
        series = (
            Series(telemetry_id=telemetry_id, key=key, dimensions=values)
            for key, values in dimensions.items()
        )
        Series.objects.bulk_create(series, ignore_conflicts=True)
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO telemetry_series (telemetry_id, key, dimensions)
            SELECT %s, * FROM ROWS FROM (unnest(%s::uuid[]), jsonb_array_elements(%s::jsonb)) AS new
            ON CONFLICT DO NOTHING RETURNING key, id""",
            [telemetry_id, _array(dimensions), json.dumps(list(dimensions.values()), ensure_ascii=False)],
        )
        return dict(cursor.fetchall())


def _array(keys: Iterable[uuid.UUID]) -> str:
    """An array in PostgreSQL's notation."""
    return "{" + ",".join(map(str, keys)) + "}"
