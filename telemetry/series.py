"""Combinations of dimension values, kept once each."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence

from telemetry.models import Series

_AT_A_TIME = 5_000  # below what SQLite takes as parameters of one statement
_REMEMBERED = 200_000  # combinations, some tens of megabytes

Combination = tuple[str, ...]


class SeriesIds:
    """The ids of a telemetry's series by their dimension values, as far as they were asked for lately.

    The files of a telemetry hold mostly the same combinations: one of these serves a whole run.
    """

    def __init__(self, telemetry_id: int) -> None:
        self._telemetry_id = telemetry_id
        self._known: dict[Combination, int] = {}

    def find(self, combinations: Sequence[Combination]) -> list[int]:
        """The ids in the same order; series that are not there yet are created."""
        missing = [combination for combination in combinations if combination not in self._known]
        if not missing:
            return [self._known[combination] for combination in combinations]
        found = get_or_create_series(telemetry_id=self._telemetry_id, combinations=missing)
        if len(self._known) + len(found) > _REMEMBERED:
            keep = {combination: self._known.get(combination) for combination in combinations}
            self._known = {key: series for key, series in keep.items() if series is not None}
        self._known |= zip(missing, found, strict=True)
        return [self._known[combination] for combination in combinations]


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
        Series.objects.bulk_create(
            [Series(telemetry_id=telemetry_id, key=key, dimensions=list(by_key[key])) for key in missing],
            ignore_conflicts=True,  # another reader of the same telemetry may have been first
        )
        known |= _find(telemetry_id, missing)
    return [known[key] for key in by_key]


def _find(telemetry_id: int, keys: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    found = Series.objects.filter(telemetry_id=telemetry_id, key__in=keys)
    return dict(found.values_list("key", "id"))
