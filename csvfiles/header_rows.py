"""Header rows amid the data, as files have that were put together from several."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from csvfiles.errors import FileError
from csvfiles.header import Header
from csvfiles.spelling import loosen, quote_names

REPEATED = "the row repeats the header"
_SLACK = 10  # characters that may stand around a name, unseen ones and quotes


class HeaderRows:
    """Tells a row that is a header from one of data; `wanted`: the columns that make it one."""

    def __init__(self, header: Header, wanted: Collection[str]) -> None:
        self._names = [loosen(name) for name in header.columns]
        self._wanted = {loosen(name) for name in wanted}
        self.longest = max(map(len, header.columns)) + _SLACK

    def is_header(self, cells: Sequence[str], *, row: int | None) -> bool:
        """Whether the row is the header again. Raises FileError where it is another one: whatever stands
        below it would come into the wrong columns.
        """
        names = [loosen(cell) for cell in cells if len(cell) <= self.longest]
        if names == self._names:
            return True
        if self._wanted.issubset(names):
            raise FileError(
                "another_header",
                f"{f'Row {row}' if row else 'A row near the end'} is another header: its columns are "
                f"{quote_names(cells)}. The rows below it would be read into the wrong columns.",
                "Give all parts of the file the same columns in the same order, or upload each as its own.",
            )
        return False
