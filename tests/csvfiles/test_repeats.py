"""Repeated rows are counted the same in memory and, for large files, on disk."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest

from csvfiles.repeats import RepeatedRows


@pytest.mark.parametrize("in_memory", [1, 7, 100, 10_000])
def test_counts_what_had_come_before(in_memory, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rows = [number * number % 401 for number in range(1_000)]
    repeats = RepeatedRows(in_memory=in_memory)
    for start in range(0, len(rows), 90):
        repeats.add(pl.Series(rows[start : start + 90], dtype=pl.UInt64))
    assert repeats.count() == len(rows) - len(set(rows))
    assert list(Path(tmp_path).iterdir()) == []


def test_a_file_of_no_rows_repeats_none():
    assert RepeatedRows().count() == 0


def test_leaves_nothing_on_disk_when_reading_ends_early(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    repeats = RepeatedRows(in_memory=1)
    repeats.add(pl.Series([1, 2, 3], dtype=pl.UInt64))
    assert list(Path(tmp_path).iterdir()) != []
    repeats.close()
    assert list(Path(tmp_path).iterdir()) == []


@pytest.mark.parametrize("in_memory", [1, 7, 100, 10_000])
@pytest.mark.parametrize(
    ("keys", "repeats"),
    [
        (list(range(1_000)), 0),
        ([*range(1_000), 3], 1),
        ([*range(500), 499, *range(500, 1_000)], 1),
        ([*range(1_000), 999], 1),
        ([*range(500, 1_000), *range(1_000)], 500),
        ([2**64 - 1, *range(999), 2**64 - 1], 1),
    ],
)
def test_keys_that_ascend_need_no_comparing_until_one_does_not(keys, repeats, in_memory):
    counted = RepeatedRows(in_memory=in_memory)
    for start in range(0, len(keys), 90):
        counted.add(pl.Series(keys[start : start + 90], dtype=pl.UInt64))
    assert counted.count() == repeats
