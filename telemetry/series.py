"""Combinations of dimension values, kept once each."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence

from telemetry.models import Series

_AT_A_TIME = 5_000  # below what SQLite takes as parameters of one statement


def series_key(dimensions: Sequence[str]) -> uuid.UUID:
    """128 bits of BLAKE2 over the values, each behind its length, so that ("a", "b") is not ("ab", "")."""
    digest = hashlib.blake2b(digest_size=16)
    for value in dimensions:
        encoded = value.encode()
        digest.update(b"%d:" % len(encoded))
        digest.update(encoded)
    return uuid.UUID(bytes=digest.digest())


def get_or_create_series(*, telemetry_id: int, combinations: Sequence[Sequence[str]]) -> list[int]:
    """The ids of the series with these dimension values, in the same order. Safe beside other writers."""
    ids: list[int] = []
    for start in range(0, len(combinations), _AT_A_TIME):
        ids += _resolve(telemetry_id, combinations[start : start + _AT_A_TIME])
    return ids


def _resolve(telemetry_id: int, combinations: Sequence[Sequence[str]]) -> list[int]:
    by_key = {series_key(combination): combination for combination in combinations}
    known = _find(telemetry_id, list(by_key))
    missing = [key for key in by_key if key not in known]
    if missing:
        Series.objects.bulk_create(
            [Series(telemetry_id=telemetry_id, key=key, dimensions=list(by_key[key])) for key in missing],
            ignore_conflicts=True,  # another reader of the same telemetry may have been first
        )
        known |= _find(telemetry_id, missing)
    return [known[key] for key in by_key]


def _find(telemetry_id: int, keys: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    found = Series.objects.filter(telemetry_id=telemetry_id, key__in=keys)
    return dict(found.values_list("key", "id"))
