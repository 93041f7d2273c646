"""Splits bytes into rows of cells: a fast path for plain blocks, the csv module for the rest, with one
result.

A block is plain when every line has the header's number of delimiters and quotes do no more than wrap whole
cells: then, the quotes taken off, splitting at each delimiter is all there is to do, and polars does it.
`tests/csvfiles` checks that both give equal results.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from csvfiles.errors import FileError
from csvfiles.header import Header
from csvfiles.limits import Limits
from csvfiles.line_ends import holds_rows_ended_by_cr, lines_end_with_cr
from csvfiles.quotes import LINE_END, Quotes
from csvfiles.source import UTF8_BOM, decode

ROW = "row"  # the column with the row's number; the header is row 1
_MISPLACED_RETURN = "the row has a carriage return outside quotes"
_MISPLACED_TEXT = "the row has text after a closing quote"
_ROWS_AT_A_TIME = 20_000  # that the csv module splits: Python's objects take fifty times a cell's bytes


def cell_name(position: int) -> str:
    """The frame's column for the file's column at `position`: never a name out of the file."""
    return f"c{position}"


@dataclass(slots=True)
class Rows:
    """Rows of a block: a frame (`row`, `c0`, `c1`, …), and the rows that are none by their shape."""

    frame: pl.DataFrame
    misshapen: list[tuple[int, str]] = field(default_factory=list)  # (row number, reason)
    may_hold_nul: bool = True

    @property
    def count(self) -> int:
        return self.frame.height + len(self.misshapen)


class Splitter:
    """Splits a file's blocks in turn. Raises FileError where rows can no longer be told apart."""

    def __init__(self, header: Header, limits: Limits) -> None:
        self._delimiter = header.delimiter
        self._width = len(header.columns)
        self._limits = limits
        self._next_row = 2
        self._rest = b""
        self._names = [cell_name(position) for position in range(self._width)]
        self._quotes = Quotes(header.delimiter)
        structure = header.delimiter.encode() + b"\n"
        self._content = bytes(byte for byte in range(256) if byte not in structure)
        self._line_shape = header.delimiter.encode() * (self._width - 1) + b"\n"

    @property
    def open_bytes(self) -> int:
        """How long the row is that has begun and not ended."""
        return len(self._rest)

    def split(self, block: bytes, *, final: bool) -> Iterator[Rows]:
        """The rows that end with this block; what is left goes before the next. To be iterated to its end."""
        block = self._rest + block
        if final and block and not block.endswith(b"\n"):
            block += b"\n"
        end = block.rfind(b"\n") + 1
        whole, self._rest = self._pass_empty_lines(block[:end]), block[end:]
        plain = self._split_plain(whole)
        if plain is not None:
            yield plain
        else:
            yield from self._split_exactly(whole, final=final)
        if len(self._rest) > self._limits.row_bytes:
            raise self._too_long(self._rest)

    def _pass_empty_lines(self, block: bytes) -> bytes:
        """The block from its first row on: an empty line is no row, but counts as one in the numbering."""
        if block[:1] not in (b"\n", b"\r"):
            return block
        empty = block[: len(block) - len(block.lstrip(b"\r\n"))].rfind(b"\n") + 1
        self._next_row += block.count(b"\n", 0, empty)
        return block[empty:]

    def _split_plain(self, block: bytes) -> Rows | None:
        """None where the block is not plain."""
        bare = self._take_off(block)
        if bare is None or not self._rows_are_short(bare):
            return None
        if self._width == 1 or bare.startswith(UTF8_BOM):
            return None  # polars takes an empty line for a cell, and a mark at its start for none
        structure = bare.translate(None, self._content)
        lines = len(structure) // len(self._line_shape)
        if structure != self._line_shape * lines:
            return None
        if not bare.isascii():
            decode(bare, lambda before: self._next_row + before.count(b"\n"))
        if not lines:
            return Rows(self._frame([], []))
        frame = self._read_plain(bare, lines)
        if b'"' in block:
            frame = self._quotes.put_back(frame, bare)
        first, self._next_row = self._next_row, self._next_row + lines
        numbered = frame.with_columns(pl.int_range(first, first + lines, dtype=pl.Int64).alias(ROW))
        return Rows(numbered, may_hold_nul=b"\x00" in bare)

    def _take_off(self, block: bytes) -> bytes | None:
        """The block without quotes, lines ended by LF; None where that would be another text."""
        if b"\r" not in block:
            return self._quotes.take_off(block)
        if block.count(b"\r") != block.count(b"\r\n"):
            return None
        bare = self._quotes.take_off(block.replace(b"\r\n", b"\n"))
        return None if bare is None or LINE_END in bare else bare

    def _read_plain(self, block: bytes, lines: int) -> pl.DataFrame:
        frame = pl.read_csv(
            io.BytesIO(block),
            has_header=False,
            schema=dict.fromkeys(self._names, pl.String),
            separator=self._delimiter,
            quote_char=None,
            empty_string_is_null=False,
            extra_columns="raise",
            missing_columns="raise",
        )
        if frame.height != lines:  # would be a row lost in silence
            raise AssertionError(f"{lines} lines became {frame.height} rows")
        return frame

    def _rows_are_short(self, bare: bytes) -> bool:
        """Whether no row can be over the limit: without quotes it would still fill one of these windows."""
        window = max(self._limits.row_bytes // 8, 1)
        return all(
            bare.find(b"\n", start, start + window) >= 0 for start in range(0, len(bare) - window + 1, window)
        )

    def _split_exactly(self, block: bytes, *, final: bool) -> Iterator[Rows]:
        """Record by record, as the csv module reads; one still open at the block's end stays for later."""
        text = decode(block, self._find_row)
        lines = io.StringIO(text, newline="\n")
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        kept: list[list[str]] = []
        numbers: list[int] = []
        misshapen: list[tuple[int, str]] = []
        while True:
            start, first_line = lines.tell(), reader.line_num
            cells, fault = _take_record(reader)
            if cells is None:
                break
            is_open = fault.startswith("unexpected end of data")
            if is_open and not final:
                self._rest = text[start:].encode() + self._rest
                break
            self._check_length(text, start, lines.tell())
            if "new-line" in fault:
                self._check_line_ends(text[start : lines.tell()])
            if is_open or (fault and reader.line_num - first_line > 1):
                raise self._unclosed()  # or closed by a quote of another row, which comes to the same
            if cells and len(cells) == self._width:
                kept.append(cells)
                numbers.append(self._next_row)
            elif cells or fault:  # an empty line is no row, but counts as one in the numbering
                misshapen.append((self._next_row, self._judge_shape(cells, fault)))
            self._next_row += 1
            if len(kept) + len(misshapen) == _ROWS_AT_A_TIME:
                yield Rows(self._frame(kept, numbers), misshapen)
                kept, numbers, misshapen = [], [], []
        yield Rows(self._frame(kept, numbers), misshapen)

    def _find_row(self, before: bytes) -> int:
        """The number of the row in which these bytes of a block end."""
        lines = io.StringIO(before.decode().replace("\r", "") + " ", newline="\n")
        return self._next_row - 1 + sum(1 for _ in csv.reader(lines, delimiter=self._delimiter))

    def _judge_shape(self, cells: list[str], fault: str) -> str:
        if fault:
            return _MISPLACED_RETURN if "new-line" in fault else _MISPLACED_TEXT
        most = self._limits.columns  # beyond it a count would only make for more and more reasons
        count = f"{len(cells)} cells" if len(cells) <= most else f"over {most} cells"
        return f"the row has {count} where the header has {self._width}"

    def _check_length(self, text: str, start: int, end: int) -> None:
        if (end - start) * 4 <= self._limits.row_bytes:
            return  # a character is at most four bytes
        record = text[start:end].encode()
        if len(record) > self._limits.row_bytes:
            raise self._too_long(record)

    def check_open_row(self) -> None:
        """Raises FileError where what is left of the blocks is rows that end with CR alone."""
        self._check_line_ends(self._rest.decode(errors="replace"))

    def _check_line_ends(self, record: str) -> None:
        if "\r" in record and holds_rows_ended_by_cr(record, delimiter=self._delimiter, width=self._width):
            raise lines_end_with_cr(self._next_row)

    def _frame(self, rows: list[list[str]], numbers: list[int]) -> pl.DataFrame:
        columns = list(zip(*rows, strict=True)) if rows else [()] * self._width
        frame = pl.DataFrame(
            [
                pl.Series(name, column, dtype=pl.String)
                for name, column in zip(self._names, columns, strict=True)
            ]
        )
        return frame.with_columns(pl.Series(ROW, numbers, dtype=pl.Int64))

    def _too_long(self, record: bytes) -> FileError:
        if b"\n" in record[: self._limits.row_bytes]:  # only a quote makes a row go on over lines
            return self._unclosed()
        self._check_line_ends(record[: self._limits.row_bytes].decode(errors="replace"))
        return FileError(
            "row_too_long",
            f"Row {self._next_row} is longer than {self._limits.row_bytes} bytes.",
            "Check that the file is CSV with line ends LF or CRLF, or raise CSV_MAX_ROW_BYTES.",
        )

    def _unclosed(self) -> FileError:
        return FileError(
            "quote_never_closes",
            f"A quote that opens in row {self._next_row} is not closed where it should be, "
            "so the rows after it cannot be told apart.",
            'Close the quote, or write a quote inside a cell as two: "".',
        )


def _take_record(reader: Iterator[list[str]]) -> tuple[list[str] | None, str]:
    """The next record's cells, or none and the csv module's words for what is wrong; None after the last."""
    try:
        return next(reader), ""
    except StopIteration:
        return None, ""
    except csv.Error as error:
        return [], str(error)
