"""What no file may do: take memory without bound, never end, or fail without saying what to do."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zlib

import pytest

from csvfiles.errors import FileError
from csvfiles.limits import Limits
from csvfiles.read import PointReader
from csvfiles.split import Splitter
from csvfiles.unpacking import Unpacked
from tests.csvfiles.hostile import CASES, HEADER, MAPPING, MB, ROW, MadeStream, after_header

PEAK_MB = 400  # of a process that has read all of the cases, one after the other, libraries and all
MEGABYTES = {
    "gzip bomb of empty lines": 80,
    "gzip bomb of rows": 30,
    "gzip of more than may be unpacked": 40,
    "gzip with a name that never ends": 50,
    "a quote that never closes": 200,
    "a row without end": 100,
    "a quoted cell without end on one line": 100,
    "a quote that never closes in quoted rows": 200,
    "quoted cells of a megabyte": 30,
    "NUL bytes": 100,
    "empty lines": 100,
    "rows of 2,000 columns": 10,
    "a date a row": 4,
    "a date a row, none of them one": 2,
    "rows of one letter": 1,
    "rows of NUL bytes": 3,
    "gzip of empty members": 2,
    "a dimension value a row, few allowed": 4,
    "a spelling of the metric a row": 2,
}
OFTEN = {"a dimension value a row", "a dimension value a row, all allowed"}  # in bench/: a minute each
NAMES = [name for name in CASES if name not in OFTEN]


@pytest.fixture(scope="module")
def taken() -> dict[str, dict]:
    """What each case took, read one after the other by a process that does nothing else."""
    cases = [f"{name}={MEGABYTES.get(name, 5)}" for name in NAMES]
    done = subprocess.run(
        [sys.executable, "-m", "tests.csvfiles.hostile", *cases], check=True, capture_output=True, text=True
    )
    return {case["case"]: case for case in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_read_or_fails_by_name_in_bounded_memory(taken, name):
    case = taken[name]
    assert case["ends"] == CASES[name].ends
    assert case["peak_mb"] < PEAK_MB
    assert len(case["message"]) < 2_000
    assert case["rejects_kept"] <= Limits().rejects_kept


@pytest.mark.parametrize(
    "name",
    [
        "a row without end",
        "a row of delimiters alone",
        "a quoted cell without end on one line",
        "a quote that never closes",
        "a quote that never closes in quoted rows",
        "a header without end",
        "NUL bytes",
        "carriage returns",
    ],
)
def test_an_endless_row_fails_within_the_first_megabytes(taken, name):
    assert taken[name]["megabytes_read"] < 5


def test_the_quote_that_never_closes_is_named_by_its_row(taken):
    assert "A quote that opens in row 3 " in taken["a quote that never closes"]["message"]
    assert "A quote that opens in row 2 " in taken["a quote that never closes in quoted rows"]["message"]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("gzip bomb of empty lines", "CSV_MAX_UNPACK_RATIO"),
        ("gzip of more than may be unpacked", "CSV_MAX_UNPACKED_BYTES"),
        ("a row without end", "CSV_MAX_ROW_BYTES"),
        ("a header of 100,000 columns", "CSV_MAX_COLUMNS"),
        ("a dimension value a row, few allowed", "CSV_MAX_COMBINATIONS"),
        ("a date a row", "CSV_MAX_DATES"),
    ],
)
def test_a_limit_says_by_which_setting_it_is_raised(taken, name, remedy):
    assert remedy in taken[name]["message"]


@pytest.mark.parametrize(
    "name",
    ["every row rejected", "rows of one letter", "rows of NUL bytes", "a date a row, none of them one"],
)
def test_every_rejected_row_is_counted(taken, name):
    assert taken[name]["rows_read"] == taken[name]["rows_rejected"] > 100_000


def test_rows_of_more_and_more_cells_have_no_more_reasons_than_there_may_be_columns():
    reader = PointReader(
        io.BytesIO(HEADER + b"".join(b"," * count + b"\n" for count in range(3, 300))),
        mapping=MAPPING,
        limits=Limits(columns=100),
    )
    list(reader)
    assert len(reader.reasons) == 98  # 4 to 100 cells, and more
    assert reader.reasons["the row has over 100 cells where the header has 3"] == 200


def test_a_long_row_is_not_split_over_and_over(monkeypatch):
    """However short blocks are next to it: what is given to the splitter in all grows with the file alone."""
    given = []
    split = Splitter.split

    def count(self, block, *, final):
        given.append(self.open_bytes + len(block))
        return split(self, block, final=final)

    monkeypatch.setattr(Splitter, "split", count)
    row = b'2024-05-01,"' + b"x\n" * 500_000 + b'",5\n'
    limits = Limits(row_bytes=2 * MB, block_bytes=1_000)
    reader = PointReader(io.BytesIO(HEADER + ROW * 2_000 + row), mapping=MAPPING, limits=limits)
    list(reader)
    assert reader.rows_read == 2_001
    assert sum(given) < 3 * len(HEADER + ROW * 2_000 + row)


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    stream = MadeStream(CASES["gzip bomb of empty lines"].make(10_000 * MB))
    with pytest.raises(FileError, match="500 times its own size"):
        list(PointReader(stream, mapping=MAPPING))
    assert stream.bytes_read < MB


def test_a_step_of_unpacking_gives_no_more_than_it_was_asked_for():
    packed = io.BytesIO(zlib.compress(bytes(100 * MB), 9, wbits=31))
    unpacked = Unpacked(packed)
    assert len(unpacked.read(1_000)) == 1_000
    assert packed.tell() < 100_000


def test_batches_of_rejected_rows_do_not_wait_for_good_ones():
    reader = PointReader(MadeStream(after_header(b"2024-05-01,core,-1\n")(3 * MB)), mapping=MAPPING)
    assert len(next(iter(reader)).rejects) <= Limits().rejects_kept
    assert reader.rows_read < 160_000


def test_a_name_of_half_a_megabyte_is_told_in_short(taken):
    assert len(taken["a name of half a megabyte"]["message"]) < 300


def test_many_empty_names_are_told_in_short():
    with pytest.raises(FileError, match="and 89989 more") as raised:
        list(PointReader(io.BytesIO(b"a" + b"," * 90_000 + b"x\n"), mapping=MAPPING))
    assert len(raised.value.message) < 200
