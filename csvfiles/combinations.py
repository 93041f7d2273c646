"""The different combinations of dimension values of a file, numbered from 0 as they come."""

from __future__ import annotations

import polars as pl

from csvfiles.errors import FileError
from csvfiles.limits import Limits

COMBINATION = "combination"


class Combinations:
    def __init__(self, columns: list[str], limits: Limits) -> None:
        self._columns, self._limits = columns, limits
        schema = {**dict.fromkeys(columns, pl.String), COMBINATION: pl.Int64}
        self._known = pl.DataFrame(schema=schema)

    def number(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[str, ...]]]:
        """`frame` with a column `combination`, and the combinations that were not seen before, in order."""
        if not self._columns:
            return frame.with_columns(
                pl.lit(0, dtype=pl.Int64).alias(COMBINATION)
            ), self._number_the_only_one()
        numbered = self._join(frame)
        new = numbered.filter(pl.col(COMBINATION).is_null()).select(self._columns)
        if new.is_empty():
            return numbered, []
        first = self._known.height
        new = new.unique(maintain_order=True)
        self._known = self._known.vstack(
            new.with_columns(pl.int_range(first, first + new.height, dtype=pl.Int64).alias(COMBINATION))
        )
        self._check_count()
        return self._join(frame), new.rows()

    def _join(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.join(self._known, on=self._columns, how="left", maintain_order="left")

    def _number_the_only_one(self) -> list[tuple[str, ...]]:
        if self._known.height:
            return []
        self._known = pl.DataFrame({COMBINATION: [0]})
        return [()]

    def _check_count(self) -> None:
        if self._known.height > self._limits.combinations:
            raise FileError(
                "too_many_combinations",
                f"The file has more than {self._limits.combinations} combinations of dimension values.",
                "Deselect the dimension that differs from row to row, or raise CSV_MAX_COMBINATIONS.",
            )
