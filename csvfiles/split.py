"""Bytes to rows of cells. Two ways with one result: a fast one for plain blocks, the csv module for the rest.

A block is plain when it holds no quote and every line has the header's number of delimiters: then splitting
at each delimiter is all there is to do, and polars does it. `tests/csvfiles` holds the two ways equal.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

import polars as pl

from csvfiles.errors import FileError
from csvfiles.header import Header
from csvfiles.limits import Limits
from csvfiles.source import decode

ROW = "row"  # the column with the row's number; the header is row 1


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
        csv.field_size_limit(max(limits.row_bytes, 131_072))
        self._delimiter = header.delimiter
        self._width = len(header.columns)
        self._limits = limits
        self._next_row = 2
        self._names = [cell_name(position) for position in range(self._width)]
        structure = header.delimiter.encode() + b"\n"
        self._content = bytes(byte for byte in range(256) if byte not in structure)
        self._line_shape = header.delimiter.encode() * (self._width - 1) + b"\n"

    def split(self, block: bytes, *, final: bool) -> tuple[Rows, bytes]:
        """The rows that end within `block`, and the bytes after them, which belong before the next block."""
        if final and block and not block.endswith(b"\n"):
            block += b"\n"
        end = block.rfind(b"\n") + 1
        whole, rest = block[:end], block[end:]
        plain = self._split_plain(whole)
        if plain is not None:
            rows = plain
        else:
            rows, open_record = self._split_exactly(whole, final=final)
            rest = open_record + rest
        if len(rest) > self._limits.row_bytes:
            raise self._too_long(self._next_row, quoted=b'"' in rest)
        return rows, rest

    def _split_plain(self, block: bytes) -> Rows | None:
        """None where the block is not plain."""
        if b'"' in block or not self._lines_are_short(block):
            return None
        if b"\r" in block:
            if block.count(b"\r") != block.count(b"\r\n"):
                return None
            block = block.replace(b"\r\n", b"\n")
        lines = block.count(b"\n")
        if block.translate(None, self._content) != self._line_shape * lines:
            return None
        if not block.isascii():
            decode(block, self._next_row)
        if not lines:
            return Rows(self._frame([], []))
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
        first, self._next_row = self._next_row, self._next_row + lines
        numbered = frame.with_columns(pl.int_range(first, first + lines, dtype=pl.Int64).alias(ROW))
        return Rows(numbered, may_hold_nul=b"\x00" in block)

    def _lines_are_short(self, block: bytes) -> bool:
        """Whether no line can be over the limit: such a line would fill one of these windows."""
        half = max(self._limits.row_bytes // 2, 1)
        return all(
            block.find(b"\n", start, start + half) >= 0 for start in range(0, len(block) - half + 1, half)
        )

    def _split_exactly(self, block: bytes, *, final: bool) -> tuple[Rows, bytes]:
        """Record by record, as the csv module reads; a record still open at the block's end is given back."""
        lines = [line + "\n" for line in decode(block, self._next_row).split("\n")[:-1]]
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        kept: list[list[str]] = []
        numbers: list[int] = []
        misshapen: list[tuple[int, str]] = []
        first_line = 0
        while True:
            cells: list[str] = []
            reason = ""
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                if str(error).startswith("unexpected end of data"):
                    if final:
                        raise self._unclosed(self._next_row) from None
                    break
                reason = self._judge_quotes(error, lines_taken=reader.line_num - first_line)
            self._check_length(lines, first_line, reader.line_num)
            if cells and len(cells) != self._width:
                reason = f"the row has {len(cells)} cells where the header has {self._width}"
            if reason:
                misshapen.append((self._next_row, reason))
            elif cells:  # an empty line is no row, but counts as one in the numbering
                kept.append(cells)
                numbers.append(self._next_row)
            self._next_row += 1
            first_line = reader.line_num
        open_record = "".join(lines[first_line:]).encode()
        return Rows(self._frame(kept, numbers), misshapen), open_record

    def _judge_quotes(self, error: csv.Error, *, lines_taken: int) -> str:
        """The reason to reject a malformed row. Raises FileError where a quote swallowed more than it."""
        if lines_taken > 1 or "field limit" in str(error):
            raise self._unclosed(self._next_row) from None
        if "new-line" in str(error):
            return "the row has a carriage return outside quotes"
        return "the row has text after a closing quote"

    def _check_length(self, lines: list[str], first: int, after: int) -> None:
        if sum(map(len, lines[first:after])) * 4 <= self._limits.row_bytes:
            return  # a character is at most four bytes
        if sum(len(line.encode()) for line in lines[first:after]) > self._limits.row_bytes:
            raise self._too_long(self._next_row, quoted=after - first > 1)

    def _frame(self, rows: list[list[str]], numbers: list[int]) -> pl.DataFrame:
        columns = list(zip(*rows, strict=True)) if rows else [()] * self._width
        frame = pl.DataFrame(
            [
                pl.Series(name, column, dtype=pl.String)
                for name, column in zip(self._names, columns, strict=True)
            ]
        )
        return frame.with_columns(pl.Series(ROW, numbers, dtype=pl.Int64))

    def _too_long(self, row: int, *, quoted: bool) -> FileError:
        if quoted:
            return self._unclosed(row)
        return FileError(
            "row_too_long",
            f"Row {row} is longer than {self._limits.row_bytes} bytes.",
            "Check that the file is CSV with line ends LF or CRLF, or raise CSV_MAX_ROW_BYTES.",
        )

    def _unclosed(self, row: int) -> FileError:
        return FileError(
            "quote_never_closes",
            f"A quote that opens in row {row} is not closed where it should be, "
            "so the rows after it cannot be told apart.",
            'Close the quote, or write a quote inside a cell as two: "".',
        )
