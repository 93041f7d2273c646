"""Counts rows that are equal to an earlier one, in memory that does not grow with the file."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import polars as pl

_BUCKETS = 64
_HASH = "hash"


class RepeatedRows:
    """Counts repeats by 64-bit hash. Beyond `in_memory` hashes they go to disk, in buckets."""

    def __init__(self, in_memory: int = 500_000) -> None:
        self._in_memory = in_memory
        self._held: list[pl.Series] = []
        self._folder: Path | None = None
        self._flushed = 0

    def add(self, hashes: pl.Series) -> None:
        self._held.append(hashes.alias(_HASH))
        if sum(map(len, self._held)) > self._in_memory:
            self._flush()

    def count(self) -> int:
        """How many of the hashes had come before. Ends the counting."""
        if self._folder is None:
            return _repeats(pl.concat(self._held)) if self._held else 0
        self._flush()
        try:
            return sum(self._count_bucket(bucket) for bucket in range(_BUCKETS))
        finally:
            self.close()

    def close(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _count_bucket(self, bucket: int) -> int:
        files = sorted(self._folder.glob(f"{bucket}-*"))
        return _repeats(pl.concat([pl.read_ipc(file)[_HASH] for file in files])) if files else 0

    def _flush(self) -> None:
        if not self._held:
            return
        self._folder = self._folder or Path(tempfile.mkdtemp(prefix="denominator-"))
        frame = pl.concat(self._held).to_frame().with_columns((pl.col(_HASH) % _BUCKETS).alias("bucket"))
        for (bucket,), part in frame.partition_by("bucket", as_dict=True).items():
            part.select(_HASH).write_ipc(self._folder / f"{bucket}-{self._flushed}")
        self._held.clear()
        self._flushed += 1


def _repeats(hashes: pl.Series) -> int:
    return len(hashes) - hashes.n_unique()
