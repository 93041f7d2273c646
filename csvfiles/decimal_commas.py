"""Numbers that seem to have decimal commas, whose points then separate thousands: `1.234` would be 1234.

One value alone does not tell. A file fails where its metric has both `1.234` and what only such numbers look
like (`12,5`, `1.234,5`, `1.234.567`); and where its cells stand between semicolons, as such exports have it,
and each point in the metric has exactly three digits after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from csvfiles.errors import FileError

_GROUPED = r"^\+?[1-9][0-9]{0,2}\.[0-9]{3}$"
# Plain numbers (csvfiles.numbers.PLAIN takes them all) but for those that are grouped: nothing to look into.
CLEAR = r"^(?:[0-9]{1,20}|[0-9]{1,20}\.(?:[0-9]{1,2}|[0-9]{4,18})|(?:0[0-9]{0,19}|[0-9]{4,20})\.[0-9]{3})$"
# `1,234` is none: commas may separate thousands as well.
_WITH_COMMA = re.compile(
    r"[+-]?(?:"
    r"[0-9]{1,3}(?:\.[0-9]{3}){2,}"
    r"|[0-9]{1,3}(?:[. '\u2019\u00a0\u202f][0-9]{3})+,[0-9]+"
    r"|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})"
    r"|(?:0|[0-9]{4,})[0-9]*,[0-9]{3}"
    r")(?:[eE][+-]?[0-9]+)?"
)
_LONGEST = 40  # characters of an example
_REMEDY = "Export numbers with a decimal point and nothing between thousands, such as 1234.5"


@dataclass(frozen=True, slots=True)
class Example:
    cell: str
    row: int | None  # where it is known

    def __str__(self) -> str:
        return f"“{self.cell}”" + (f" (row {self.row})" if self.row else "")


class DecimalCommas:
    """What the metric of one file says about it. `check` knows at the end."""

    def __init__(self, *, delimiter: str, column: str) -> None:
        self._between_semicolons = delimiter == ";"
        self._column = column
        self._grouped: Example | None = None
        self._with_comma: Example | None = None
        self._has_other_points = False

    def are_clear(self, cells: pl.Series) -> bool:
        """Whether all are plain numbers none of which is grouped: false costs a look at each."""
        return self._grouped is None and cells.str.contains(CLEAR).all()

    def look_at_accepted(self, cells: pl.Series, rows: pl.Series, *, clear: bool = False) -> None:
        """Cells of accepted rows, with the rows' numbers (null where not known)."""
        if self._grouped is None and not clear:
            self._grouped = _find_first(cells, rows, cells.str.contains(_GROUPED))
        if self._between_semicolons and not self._has_other_points:
            pointed = cells.filter(cells.str.contains(".", literal=True))
            self._has_other_points = not pointed.str.contains(_GROUPED).all()

    def look_at_rejected(self, cells: pl.Series, rows: pl.Series) -> None:
        if self._with_comma is None:
            found = [cell for cell in cells.unique() if _WITH_COMMA.fullmatch(cell.strip())]
            self._with_comma = _find_first(cells, rows, cells.is_in(found)) if found else None

    def check(self) -> None:
        """Raises FileError: a thousandth would be stored."""
        if self._grouped is None:
            return
        plain = self._grouped.cell.replace(".", "")
        if self._with_comma is not None:
            raise FileError(
                "decimal_commas",
                f"The metric column {self._column} has both {self._grouped} and {self._with_comma}, so it "
                f"may be written with decimal commas, and “{self._grouped.cell}” may mean {plain}.",
                f"{_REMEDY}.",
            )
        if self._between_semicolons and not self._has_other_points:
            raise FileError(
                "decimal_commas",
                f"Every point in the metric column {self._column} has three digits after it, as in "
                f"{self._grouped}, and semicolons separate the cells, so the numbers may be written with "
                f"decimal commas, and “{self._grouped.cell}” may mean {plain}.",
                f"{_REMEDY}; if these are decimal points, separate the cells by commas, or write another "
                "count of decimals.",
            )


def _find_first(cells: pl.Series, rows: pl.Series, mask: pl.Series) -> Example | None:
    first = mask.arg_max()
    if first is None or not mask[first]:
        return None
    cell = cells[first]
    return Example(cell if len(cell) <= _LONGEST else f"{cell[:_LONGEST]}…", rows[first])
