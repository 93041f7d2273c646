"""Files that would break a careless reader, made as they are read, and what reading one takes.

    python -m tests.csvfiles.hostile CASE=MEGABYTES...

prints one JSON object a case. `peak_mb` is the most memory that the process had so far, so that it counts for
all cases up to there. bench/hostile.py has these cases in full size, test_hostile.py in seconds.
"""

from __future__ import annotations

import gzip
import io
import itertools
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path

from csvfiles.errors import FileError
from csvfiles.limits import Limits
from csvfiles.mapping import Mapping
from csvfiles.read import PointReader

MB = 10**6
HEADER = b"date,team,requests\n"
ROW = b"2024-05-01,core,5\n"
MAPPING = Mapping("date", "yyyy-MM-dd", ("team",), "requests")
Chunks = Iterator[bytes]


class MadeStream(io.RawIOBase):
    """A stream of what `chunks` yields, none of it kept."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks, self._left = chunks, b""
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        self._left = self._left or next(self._chunks, b"")
        count = min(len(self._left), len(buffer))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        self.bytes_read += count
        return count


@dataclass(frozen=True)
class Case:
    """A kind of file, by its size in bytes, and how it must end: "read" or the code of its failure."""

    make: Callable[[int], Chunks]
    ends: str
    limits: dict[str, int] = field(default_factory=dict)
    mapping: Mapping = MAPPING


def repeat(piece: bytes, size: int) -> Chunks:
    """About `size` bytes of a piece, again and again."""
    many = piece * max(65_536 // len(piece), 1)
    yield from itertools.repeat(many, size // len(many) + 1)


def rows(size: int, make_row: Callable[[int], str], *, header: bytes = HEADER) -> Chunks:
    """A header and numbered rows."""
    yield header
    made, number = 0, 0
    while made < size:
        chunk = "".join(map(make_row, range(number, number + 100))).encode()
        number, made = number + 100, made + len(chunk)
        yield chunk


def after_header(piece: bytes, *, first: bytes = b"") -> Callable[[int], Chunks]:
    return lambda size: itertools.chain([HEADER, first], repeat(piece, size))


def zip_bomb(piece: bytes) -> Callable[[int], Chunks]:
    """Gzip members of 16 MB of a piece; `size` is what they hold."""
    member = gzip.compress(piece * (16 * MB // len(piece)), 9)
    return lambda size: itertools.chain(
        [gzip.compress(HEADER)], itertools.repeat(member, size // (16 * MB) + 1)
    )


def dated(number: int) -> str:
    return f"{date(1, 1, 1) + timedelta(number % 3_650_000)},core,5\n"


def blocks_of_quotes(size: int) -> Chunks:
    """Quoted cells of almost a megabyte, each line of which looks like a row."""
    yield HEADER
    cell = b'2024-05-01,"' + b'2024-05-01,""x"",5\n' * 50_000 + b'",5\n'
    yield from itertools.repeat(cell, size // len(cell) + 1)


WIDE = tuple(f"d{number}" for number in range(10))
WIDE_MAPPING = Mapping("date", "yyyy-MM-dd", WIDE, "requests")
WIDE_HEADER = ",".join(["date", *WIDE, "requests"]).encode() + b"\n"
WIDE_ROW = b"x" * 1_100 + b"," + (b"y" * 1_100 + b",") * 10 + b"z" * 1_100 + b"\n"
COLUMNS_2000 = b",".join([b"date,team,requests", *(b"c%d" % number for number in range(1_997))]) + b"\n"

CASES: dict[str, Case] = {
    "gzip bomb of empty lines": Case(zip_bomb(b"\n"), "gzip_bomb"),
    "gzip bomb of rows": Case(zip_bomb(ROW), "gzip_bomb", {"expansion": 100, "expanded_freely": 10 * MB}),
    "gzip of more than may be unpacked": Case(zip_bomb(ROW), "gzip_bomb", {"expanded_bytes": 20 * MB}),
    "gzip within gzip": Case(lambda size: iter([gzip.compress(gzip.compress(b"\n" * size))]), "binary"),
    "gzip of empty members": Case(
        lambda size: itertools.chain([gzip.compress(HEADER)], repeat(gzip.compress(b""), size)), "read"
    ),
    "gzip with a name that never ends": Case(
        lambda size: itertools.chain([b"\x1f\x8b\x08\x08" + bytes(6)], repeat(b"a", size)), "gzip_truncated"
    ),
    "a row without end": Case(after_header(b"x"), "row_too_long"),
    "a row of delimiters alone": Case(after_header(b","), "row_too_long"),
    "a quoted cell without end on one line": Case(after_header(b"x", first=b'2024-05-01,"'), "row_too_long"),
    "a quote that never closes": Case(after_header(ROW, first=ROW + b'2024-05-01,"'), "quote_never_closes"),
    "a quote that never closes in quoted rows": Case(
        after_header(b'"2024-05-01","core","5"\n', first=b'"2024-05-01","core","5\n'),
        "quote_never_closes",
    ),
    "quoted cells of a megabyte": Case(blocks_of_quotes, "read"),
    "a header of 100,000 columns": Case(
        lambda size: iter([b",".join(b"c%d" % number for number in range(100_000)) + b"\n"]),
        "too_many_columns",
    ),
    "a header without end": Case(lambda size: repeat(b"name,", size), "row_too_long"),
    "a name of half a megabyte": Case(
        lambda size: iter([b"x" * (MB // 2) + b" ,team,requests\n"]), "space_in_name"
    ),
    "rows of 2,000 columns": Case(
        lambda size: itertools.chain(
            [COLUMNS_2000], repeat(b"2024-05-01,core,5" + b"," * 1_997 + b"\n", size)
        ),
        "read",
    ),
    "rows of more and more cells": Case(
        lambda size: rows(size, lambda number: "," * (number % 20_000) + "\n"), "read"
    ),
    "NUL bytes": Case(after_header(b"\0"), "row_too_long"),
    "rows of NUL bytes": Case(after_header(b"2024-05-01,\0,\0\n\0,\0,\0\n"), "read"),
    "empty lines": Case(after_header(b"\n"), "read"),
    "empty lines of CR LF": Case(after_header(b"\r\n"), "read"),
    "rows between empty lines": Case(after_header(b"\n\n" + ROW), "read"),
    "carriage returns": Case(after_header(b"\r"), "row_too_long"),
    "rows of one letter": Case(after_header(b"x\n"), "read"),
    "rows with stray quotes": Case(after_header(b'2024-05-01,co"re,5\n2024-05-01,"co"re,5\n'), "read"),
    "every row rejected": Case(after_header(b"2024-05-01,core,-1\n"), "read"),
    "every row rejected, long cells": Case(
        lambda size: itertools.chain([WIDE_HEADER], repeat(WIDE_ROW, size)), "read", mapping=WIDE_MAPPING
    ),
    "a dimension value a row": Case(
        lambda size: rows(size, "2024-05-01,team-{0},5\n".format), "too_many_combinations"
    ),
    "a dimension value a row, few allowed": Case(
        lambda size: rows(size, "2024-05-01,team-{0},5\n".format),
        "too_many_combinations",
        {"combinations": 100_000},
    ),
    "a dimension value a row, all allowed": Case(
        lambda size: rows(size, "2024-05-01,team-{0},5\n".format), "read", {"combinations": 10**9}
    ),
    "a date a row": Case(lambda size: rows(size, dated), "too_many_dates"),
    "a date a row, none of them one": Case(lambda size: rows(size, "day {0},core,5\n".format), "read"),
    "a spelling of the metric a row": Case(lambda size: rows(size, "2024-05-01,core,+{0}\n".format), "read"),
}


@dataclass
class Taken:
    """What reading a case took."""

    case: str
    ends: str
    message: str
    megabytes_read: float
    rows_read: int
    rows_rejected: int
    rejects_kept: int
    peak_mb: int
    seconds: float


def read_case(name: str, size: int) -> Taken:
    case = CASES[name]
    stream = MadeStream(case.make(size))
    started = time.perf_counter()
    ends, message, reader, kept = "read", "", None, 0
    try:
        reader = PointReader(stream, mapping=case.mapping, limits=Limits(**case.limits))
        for batch in reader:
            kept += len(batch.rejects)
    except FileError as error:
        ends, message = error.code, str(error)
    return Taken(
        case=name,
        ends=ends,
        message=message,
        megabytes_read=round(stream.bytes_read / MB, 1),
        rows_read=reader.rows_read if reader else 0,
        rows_rejected=reader.rows_rejected if reader else 0,
        rejects_kept=kept,
        peak_mb=measure_peak(),
        seconds=round(time.perf_counter() - started, 2),
    )


def measure_peak() -> int:
    """Megabytes. Linux's ru_maxrss outlives exec: it would count the test process that started this one."""
    try:
        status = Path("/proc/self/status").read_text()
        kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    except FileNotFoundError:
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes // 1024


def main() -> None:
    for argument in sys.argv[1:]:
        name, _, megabytes = argument.rpartition("=")
        sys.stdout.write(json.dumps(asdict(read_case(name, int(float(megabytes) * MB)))) + "\n")


if __name__ == "__main__":
    main()
