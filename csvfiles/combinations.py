"""The different combinations of dimension values of a file, numbered from 0 as they come."""

from __future__ import annotations

import polars as pl

from csvfiles.errors import FileError
from csvfiles.limits import Limits

COMBINATION = "combination"
_SLICED = 20  # times that all of them may stand in a block, for slices to be cheaper than single rows


def dimension_name(position: int) -> str:
    """A frame's column for the dimension at `position` (from 1): never a name out of the file."""
    return f"d{position}"


class Combinations:
    """Numbers the rows of a file by their dimensions, which are in the frame's columns `cells`.

    `like`: the combinations of another file by the same mapping. Files of one telemetry mostly hold the same
    ones: they keep their numbers, and the first frame of `number` has them all as new.
    """

    values: list[Values]
    _known: pl.DataFrame

    def __init__(self, cells: list[str], limits: Limits, like: Combinations | None = None) -> None:
        self._limits = limits
        self._cells = cells
        self._names = [dimension_name(position) for position in range(1, len(cells) + 1)]
        if like is not None and like._known.height <= limits.combinations_shared:
            self._known, self.values = like._known, [values.copy() for values in like.values]
        else:
            schema = {**dict.fromkeys(self._names, pl.String), COMBINATION: pl.Int64}
            self._known, self.values = pl.DataFrame(schema=schema), [Values(limits) for _ in cells]
        self._named_cells = list(zip(cells, self._names, strict=True))
        self._next = 0  # the number that comes after the last row's
        self._shared = self._known.height
        self._used = pl.repeat(False, self._shared, dtype=pl.Boolean, eager=True)  # of those shared
        self._handed_out = 0

    def number(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`frame` with a column `combination`; and the combinations that are new: number, `d1`, `d2`, …"""
        if not self._cells:
            return self._number_the_only_one(frame)
        cells = frame.select(pl.col(cell).alias(name) for cell, name in self._named_cells)
        numbers = self._recall(cells)
        if numbers is None:
            numbers = self._join(cells)
            if numbers.null_count():
                self._learn(cells.filter(numbers.is_null()))
                numbers = self._join(cells)
            self._next = numbers[-1] + 1
        self._check_count(numbers)
        return frame.with_columns(numbers), self._hand_out()

    def _recall(self, cells: pl.DataFrame) -> pl.Series | None:
        """Their numbers where they come in that order, as those of most exports do, day by day:
        comparing is a fifth of a join's work. None where they do not.
        """
        known = self._known.height
        if not known:
            return None if cells.height else pl.Series(COMBINATION, [], dtype=pl.Int64)
        numbers = pl.int_range(self._next, self._next + cells.height, dtype=pl.Int64, eager=True) % known
        if not self._expect(numbers).equals(cells):
            return None
        self._next = (self._next + cells.height) % known
        return numbers.alias(COMBINATION)

    def _expect(self, numbers: pl.Series) -> pl.DataFrame:
        """What stands in rows with these numbers, which follow each other."""
        known = self._known.drop(COMBINATION)
        rounds = (self._next + len(numbers)) // known.height
        if rounds > _SLICED:
            return known[numbers]
        whole = [known] * rounds + [known.head((self._next + len(numbers)) % known.height)]
        return pl.concat([whole[0].slice(self._next), *whole[1:]])  # no cell is copied

    def _learn(self, cells: pl.DataFrame) -> None:
        new = cells.unique(maintain_order=True)
        first = self._known.height
        new = new.with_columns(pl.int_range(first, first + new.height, dtype=pl.Int64).alias(COMBINATION))
        self._known = self._known.vstack(new)
        for values, name in zip(self.values, self._names, strict=True):
            values.extend(new[name])

    def _join(self, cells: pl.DataFrame) -> pl.Series:
        return cells.join(self._known, on=self._names, how="left", maintain_order="left")[COMBINATION]

    def _number_the_only_one(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        if self._known.is_empty():
            self._known = pl.DataFrame({COMBINATION: [0]})
        return frame.with_columns(pl.lit(0, dtype=pl.Int64).alias(COMBINATION)), self._hand_out()

    def _hand_out(self) -> pl.DataFrame:
        if not self._handed_out:
            self._handed_out = self._known.height
            return self._known  # the same object from file to file, so that comparing two costs nothing
        new = self._known[self._handed_out :]
        self._handed_out = self._known.height
        return new

    def _check_count(self, numbers: pl.Series) -> None:
        """The limit counts this file's own: whether it fails must not depend on the files before it."""
        if self._shared:
            shared = numbers.filter(numbers < self._shared)
            self._used = self._used.scatter(shared, True)
        if self._known.height <= self._limits.combinations:
            return
        if self._known.height - self._shared + self._used.sum() > self._limits.combinations:
            raise FileError(
                "too_many_combinations",
                f"The file has more than {self._limits.combinations} combinations of dimension values.",
                "Deselect the dimension that differs from row to row, or raise CSV_MAX_COMBINATIONS.",
            )


class Values:
    """The values of one dimension, numbered from 0 as they come; forgotten where they are `too_many`."""

    def __init__(self, limits: Limits) -> None:
        self.too_many = False  # for totals by them to be kept, which is all that they are numbered for
        self._limits = limits
        self.numbers = pl.Series([], dtype=pl.UInt32)  # by combination
        self.texts: list[str] = []
        self._known: dict[str, int] = {}

    def copy(self) -> Values:
        copy = Values(self._limits)
        copy.too_many = self.too_many
        copy.numbers, copy.texts, copy._known = self.numbers, self.texts.copy(), self._known.copy()
        return copy

    def extend(self, values: pl.Series) -> None:
        """The dimension's values in combinations that are new."""
        if self.too_many:
            return
        different = values.unique(maintain_order=True).to_list()
        for value in different:
            if value not in self._known:
                self._known[value] = len(self.texts)
                self.texts.append(value)
        numbers = [self._known[value] for value in different]
        new = values.replace_strict(different, numbers, return_dtype=pl.UInt32)
        self.numbers = pl.concat([self.numbers, new])
        if len(self.texts) > self._limits.values_kept:
            self.too_many = True
            self.numbers, self.texts, self._known = self.numbers.clear(), [], {}
