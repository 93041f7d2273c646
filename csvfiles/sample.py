"""Samples of files of any size: rows from the beginning and the end, by ranged reads of under a megabyte.

Exports append: the rows of recent dates stand at the end of a file more often than at its beginning.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import polars as pl

from csvfiles.errors import FileError
from csvfiles.header import Header
from csvfiles.header_rows import HeaderRows
from csvfiles.limits import DEFAULT_LIMITS, Limits
from csvfiles.opening import LOOK_BYTES, list_lines_below, take_header
from csvfiles.source import Source
from csvfiles.split import ROW, Rows, Splitter
from csvfiles.unpacking import GZIP, Unpacked

HEAD_BYTES, TAIL_BYTES = 512 * 1024, 256 * 1024
ROWS_AT_EACH_END = 1_000
_EXPANDED_BYTES = 4 * 2**20  # of a gzip file's head

Fetch = Callable[[int, int], bytes]  # (start, length) -> that range of the object, as far as it goes


@dataclass(frozen=True, slots=True)
class SampledRow:
    number: int | None  # the header is row 1; None for rows from a file's end, whose number is not known
    cells: tuple[str, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of the header's width, in the file's order.

    `ragged` counts those of another width that were met, `headers` those that repeat the header.
    """

    columns: tuple[str, ...]
    delimiter: str
    rows: tuple[SampledRow, ...]
    ragged: int
    headers: int


def sample_file(
    fetch: Fetch, *, key: str, size: int, known: Collection[str] = (), limits: Limits = DEFAULT_LIMITS
) -> Sample:
    """Read a sample of the object. Raises FileError for what would also fail the file in a sync.

    `known`: columns of a file like it, which tell by what its cells are separated.
    """
    head = fetch(0, min(size, HEAD_BYTES))
    if b"\n" not in head and len(head) < size:  # a header of very many columns
        head += fetch(len(head), min(size, limits.row_bytes + 1) - len(head))
    whole = len(head) >= size
    packed = head.startswith(GZIP)
    if packed and not whole:
        head = _unpack_start(head)
    source = Source(io.BytesIO(head), limits)
    text = source.read(_EXPANDED_BYTES)
    final = whole and not source.read(1)
    header, rest = take_header(
        text,
        limits,
        final=final,
        below=lambda: list_lines_below(text[:LOOK_BYTES], final=final),
        known=known,
    )
    splitter = Splitter(header, limits)
    rows = list(splitter.split(rest, final=final))
    splitter.check_open_row()
    found = _to_rows(_join(rows).head(ROWS_AT_EACH_END), key, numbered=True)
    if not whole and not packed:
        found += _sample_tail(fetch, header, key=key, size=size, start=len(head), limits=limits)
    repeats = HeaderRows(header, header.columns)
    data = tuple(row for row in found if not repeats.is_header(row.cells, row=row.number))
    ragged = sum(len(part.misshapen) for part in rows)
    return Sample(header.columns, header.delimiter, data, ragged, len(found) - len(data))


def _sample_tail(
    fetch: Fetch, header: Header, *, key: str, size: int, start: int, limits: Limits
) -> list[SampledRow]:
    """The last rows. A tail that starts inside a quoted cell cannot be told apart: then there are none."""
    begin = max(start, size - TAIL_BYTES)
    tail = fetch(begin, size - begin)
    _, _, tail = tail.partition(b"\n")
    try:
        rows = list(Splitter(header, limits).split(tail, final=True))
    except FileError:
        return []
    if any(part.misshapen for part in rows) and b'"' in tail:
        return []
    return _to_rows(_join(rows).tail(ROWS_AT_EACH_END), key, numbered=False)


def _join(rows: Iterable[Rows]) -> pl.DataFrame:
    return pl.concat([part.frame.select(ROW, pl.exclude(ROW)) for part in rows])


def _to_rows(frame: pl.DataFrame, key: str, *, numbered: bool) -> list[SampledRow]:
    return [
        SampledRow(number if numbered else None, tuple(cells), key) for number, *cells in frame.iter_rows()
    ]


def _unpack_start(head: bytes) -> bytes:
    """The first megabytes of what a gzip file's beginning holds."""
    unpacked, pieces, left = Unpacked(io.BytesIO(head)), [], _EXPANDED_BYTES
    try:
        while left and (piece := unpacked.read(left)):
            pieces.append(piece)
            left -= len(piece)
    except EOFError:  # expected: the data is cut off
        pass
    except zlib.error:
        raise FileError(
            "gzip_damaged", "The gzip data is damaged.", "Upload the file again, whole."
        ) from None
    return b"".join(pieces)
