"""Strips quotes that only wrap cells from a block, and masks what they protect until the block is split."""

from __future__ import annotations

import polars as pl

_DELIMITER, LINE_END, _QUOTE = b"\x1d", b"\x1e", b"\x1f"  # what stands in a cell for these: the masks
_MASKS = (_DELIMITER, LINE_END, _QUOTE)


class Quotes:
    """The quotes of a file. Its lines must end with LF."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter.encode()
        structure = self._delimiter + b'\n"'
        self._content = bytes(byte for byte in range(256) if byte not in structure)
        self._to_masks = bytes.maketrans(self._delimiter + b"\n", _DELIMITER + LINE_END)
        self._from_masks = [delimiter, "\n", '"']

    def take_off(self, block: bytes) -> bytes | None:
        """The block without quotes, what they protected masked; None where they do more than wrap cells."""
        if b'"' not in block:
            return block
        if any(mask in block for mask in _MASKS):
            return None
        return block.replace(b'"', b"") if self._are_simple(block) else self._mask(block)

    def put_back(self, frame: pl.DataFrame, bare: bytes) -> pl.DataFrame:
        """The frame of the cells of `bare`, a block that `take_off` gave and that had quotes, unmasked."""
        if not any(mask in bare for mask in _MASKS):
            return frame
        masks = [mask.decode() for mask in _MASKS]
        masked = frame.select(pl.all().str.contains_any(masks).any()).row(0)
        columns = [name for name, found in zip(frame.columns, masked, strict=True) if found]
        return frame.with_columns(pl.col(columns).str.replace_many(masks, self._from_masks))

    def _are_simple(self, block: bytes) -> bool:
        """Whether cells with quotes have exactly two, as first and last byte, and nothing to mask within.

        Pairs in the block's structure prove an even number in each cell, and none around a delimiter or line
        end. A cell can open once and close once, so that one with more than two would leave these behind.
        """
        if b'"' in block.translate(None, self._content).replace(b'""', b""):
            return False
        opening = block.count(self._delimiter + b'"') + block.count(b'\n"') + block.startswith(b'"')
        closing = block.count(b'"' + self._delimiter) + block.count(b'"\n')
        return opening == closing == block.count(b'"') / 2

    def _mask(self, block: bytes) -> bytes | None:
        """The block without quotes, with masks for the delimiters, line ends and quotes within cells.

        Cut at every quote, each second piece lies within quotes. A piece between two of those is empty (a
        quote inside a cell, written as two), or it begins and ends where a cell ends; else this is None.
        """
        pieces = block.split(b'"')
        if len(pieces) % 2 == 0:
            return None
        outside, inside = pieces[::2], pieces[1::2]
        if not self._end_cells(outside):
            return None
        pieces[1::2] = b'"'.join(inside).translate(self._to_masks).split(b'"')
        if b"" in outside[1:-1]:
            pieces[2:-1:2] = [piece or _QUOTE for piece in outside[1:-1]]
        return b"".join(pieces)

    def _end_cells(self, outside: list[bytes]) -> bool:
        """Whether each piece between quotes begins and ends with the end of a cell, or is empty."""
        first, *between, last = outside
        joined = b'"'.join([first, *filter(None, between), last])
        begins = joined.count(b'"' + self._delimiter) + joined.count(b'"\n')
        ends = joined.count(self._delimiter + b'"') + joined.count(b'\n"') + joined.startswith(b'"')
        return begins == ends == joined.count(b'"')
