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
    digest = hashlib.blake2b(digest_size=16)
    for value in dimensions:
        encoded = value.encode()
        digest.update(b"%d:" % len(encoded))
        digest.update(encoded)
    return uuid.UUID(bytes=digest.digest())


def get_or_create_series(*, telemetry_id: int, combinations: Sequence[Combination]) -> list[int]:
    """The ids of the series with these dimension values, in the same order. Safe beside other writers."""
    ids: list[int] = []
    for start in range(0, len(combinations), _AT_A_TIME):
        ids += _resolve(telemetry_id, combinations[start : start + _AT_A_TIME])
    return ids


def _resolve(telemetry_id: int, combinations: Sequence[Combination]) -> list[int]:
    by_key = {series_key(combination): combination for combination in combinations}
    known = _find(telemetry_id, list(by_key))
    missing = [key for key in by_key if key not in known]
    if missing:
        # Another reader of the same telemetry may have been first: conflicts are passed over, then looked up.
        _insert(telemetry_id, {key: json.dumps(by_key[key], ensure_ascii=False) for key in missing})
        known |= _find(telemetry_id, missing)
    return [known[key] for key in by_key]


def _find(telemetry_id: int, keys: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    if connection.vendor != "postgresql":
        found = Series.objects.filter(telemetry_id=telemetry_id, key__in=keys)
        return dict(found.values_list("key", "id"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, id FROM telemetry_series WHERE telemetry_id = %s AND key = ANY(%s)",
            [telemetry_id, keys],
        )
        return dict(cursor.fetchall())


def _insert(telemetry_id: int, dimensions: dict[uuid.UUID, str]) -> None:
    if connection.vendor != "postgresql":
        series = (
            Series(telemetry_id=telemetry_id, key=key, dimensions=json.loads(values))
            for key, values in dimensions.items()
        )
        Series.objects.bulk_create(series, ignore_conflicts=True)
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO telemetry_series (telemetry_id, key, dimensions)"
            " SELECT %s, * FROM unnest(%s::uuid[], %s::text[]::jsonb[]) ON CONFLICT DO NOTHING",
            [telemetry_id, list(dimensions), list(dimensions.values())],
        )
