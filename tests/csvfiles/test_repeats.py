"""Rows equal to an earlier one are counted the same whether their hashes fit in memory or go to disk."""

from __future__ import annotations

import polars as pl
import pytest

from csvfiles.repeats import RepeatedRows

HASHES = [[1, 2, 3, 2], [4, 1, 65], [66, 3, 3], [2**64 - 1, 2**64 - 1]]
REPEATED = 5  # 2; 1; 3 twice; the largest


@pytest.mark.parametrize("in_memory", [0, 3, 1_000])
def test_counts_hashes_that_came_before(in_memory: int) -> None:
    repeats = RepeatedRows(in_memory=in_memory)
    for hashes in HASHES:
        repeats.add(pl.Series(hashes, dtype=pl.UInt64))
    assert repeats.count() == REPEATED
