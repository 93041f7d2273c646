"""Counts rows that are equal to an earlier one, in constant memory."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import polars as pl

_BUCKETS = 64
_KEY = "key"


class RepeatedRows:
    """Counts repeats among 64-bit keys. Beyond `in_memory` of them they go to disk.

    As long as each is greater than the one before, as in a sorted file, nothing has to be compared.
    """

    def __init__(self, in_memory: int = 500_000) -> None:
        self._in_memory = in_memory
        self._held: list[pl.Series] = []
        self._folder: Path | None = None
        self._written = 0
        self._last = -1
        self._ascends = True

    def add(self, keys: pl.Series) -> None:
        if keys.is_empty():
            return
        self._ascends = self._ascends and keys[0] > self._last and _ascends(keys)
        self._last = keys[-1]
        self._held.append(keys.alias(_KEY))
        if sum(map(len, self._held)) > self._in_memory:
            self._write_down()

    def count(self) -> int:
        """How many of the keys had come before. Ends the counting."""
        try:
            if self._ascends:
                return 0
            if self._folder is None:
                return _count_repeats(pl.concat(self._held))
            self._write_down()
            _sort_into_buckets(self._folder)
            return sum(_count_bucket(self._folder, bucket) for bucket in range(_BUCKETS))
        finally:
            self.close()

    def close(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _write_down(self) -> None:
        if not self._held:
            return
        self._folder = self._folder or Path(tempfile.mkdtemp(prefix="denominator-"))
        pl.concat(self._held).to_frame().write_ipc(self._folder / f"all-{self._written}")
        self._held = []
        self._written += 1


def _sort_into_buckets(folder: Path) -> None:
    for file in folder.glob("all-*"):
        keys = pl.read_ipc(file).with_columns((pl.col(_KEY) % _BUCKETS).alias("bucket"))
        for (bucket,), part in keys.partition_by("bucket", as_dict=True).items():
            part.select(_KEY).write_ipc(folder / f"{bucket}-{file.name}")
        file.unlink()


def _count_bucket(folder: Path, bucket: int) -> int:
    files = sorted(folder.glob(f"{bucket}-*"))
    return _count_repeats(pl.concat([pl.read_ipc(file)[_KEY] for file in files])) if files else 0


def _ascends(keys: pl.Series) -> bool:
    """Whether each is greater than the one before."""
    return keys.is_sorted() and not (keys == keys.shift(1)).any()


def _count_repeats(keys: pl.Series) -> int:
    return len(keys) - keys.n_unique()
