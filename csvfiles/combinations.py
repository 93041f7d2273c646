"""The different combinations of dimension values of a file, numbered from 0 as they come."""

from __future__ import annotations

import polars as pl

from csvfiles.errors import FileError
from csvfiles.limits import Limits

COMBINATION = "combination"


def dimension_name(position: int) -> str:
    """A frame's column for the dimension at `position` (from 1): never a name out of the file."""
    return f"d{position}"


class Combinations:
    """Numbers the rows of a file by their dimensions, which are in the frame's columns `cells`."""

    def __init__(self, cells: list[str], limits: Limits) -> None:
        self._limits = limits
        self._cells = cells
        self._names = [dimension_name(position) for position in range(1, len(cells) + 1)]
        self._known = pl.DataFrame(schema={**dict.fromkeys(self._names, pl.String), COMBINATION: pl.Int64})

    def number(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`frame` with a column `combination`; and the combinations that are new: number, `d1`, `d2`, …"""
        if not self._cells:
            return self._number_the_only_one(frame)
        numbered = self._join(frame)
        missing = numbered.filter(pl.col(COMBINATION).is_null())
        if missing.is_empty():
            return numbered, self._known.clear()
        first = self._known.height
        new = missing.select(
            pl.col(cell).alias(name) for cell, name in zip(self._cells, self._names, strict=True)
        ).unique(maintain_order=True)
        new = new.with_columns(pl.int_range(first, first + new.height, dtype=pl.Int64).alias(COMBINATION))
        self._known = self._known.vstack(new)
        self._check_count()
        return self._join(frame), new

    def _join(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.join(
            self._known, left_on=self._cells, right_on=self._names, how="left", maintain_order="left"
        )

    def _number_the_only_one(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        new = self._known.clear()
        if self._known.is_empty():
            new = self._known = pl.DataFrame({COMBINATION: [0]})
        return frame.with_columns(pl.lit(0, dtype=pl.Int64).alias(COMBINATION)), new

    def _check_count(self) -> None:
        if self._known.height > self._limits.combinations:
            raise FileError(
                "too_many_combinations",
                f"The file has more than {self._limits.combinations} combinations of dimension values.",
                "Deselect the dimension that differs from row to row, or raise CSV_MAX_COMBINATIONS.",
            )
