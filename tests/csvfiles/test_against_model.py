"""The reader against the slow model: the same points, rejected rows and counts, on any input."""

from __future__ import annotations

import gzip
import io
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvfiles.errors import FileError
from csvfiles.limits import Limits
from csvfiles.mapping import Mapping
from csvfiles.read import PointReader
from tests.csvfiles import model

COLUMNS = ["date", "team", "note", "requests"]

dates = st.one_of(
    st.dates().map(str),
    st.sampled_from(["2024-05-01", "2024-02-30", "2024-5-1", "", "2024-05-01 ", "٢٠٢٤-05-01", "20240501"]),
)
metrics = st.one_of(
    st.integers(-5, 10**21).map(str),
    st.decimals(0, 10**6, places=4).map(str),
    st.sampled_from(["0", "-0", "+5", ".5", "5.", ".", "1e3", "1E-18", "1e-19", "0e999", "1e400", "00.10"]),
    st.sampled_from(["NaN", "inf", "1,5", "1_0", "0x1F", "١٢", "--1"]),
    st.sampled_from(["", " 1", "1 ", "1e99999999999999999999", "9" * 20, "9" * 21]),
    st.sampled_from(["9" * 20 + "." + "9" * 18, "0." + "0" * 18 + "1", "0.1" + "0" * 18]),
)
words = st.one_of(
    st.sampled_from(["core", "web", "007", "1e5", "NULL", "", " x", "a,b", 'q"q', "é💶"]),
    st.sampled_from(["line\nbreak", "n\0n", "r\rr"]),
    st.text(max_size=5),
)


def quote(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


cells = st.one_of(words, words.map(quote))
good_rows = st.builds(
    lambda *row: ",".join(row),
    dates,
    cells,
    cells,
    metrics.flatmap(lambda cell: st.sampled_from([cell, quote(cell)])),
)
plain_rows = st.builds(
    "{},{},{},{}".format,
    st.sampled_from(["2024-05-01", "2024-05-02"]),
    st.sampled_from(["core", "web", "é"]),
    st.sampled_from(["a", "b"]),
    st.decimals(0, 100, places=2).map(str),
)
odd_rows = st.one_of(
    st.text(alphabet='",\r\n1a\0 ', max_size=12), st.sampled_from(["", ",", ",,,", ",,,,", '"'])
)
line_ends = st.sampled_from(["\n", "\r\n", "\n\n"])


@st.composite
def bodies(draw):
    rows = draw(st.lists(st.one_of(plain_rows, plain_rows, good_rows, odd_rows), max_size=30))
    text = "".join(row + draw(line_ends) for row in rows)
    return text if draw(st.booleans()) else text.rstrip("\n")


def expect(body: str, dimensions: list[str]):
    return model.read(
        body,
        columns=len(COLUMNS),
        date_at=0,
        date_format="yyyy-MM-dd",
        dimensions_at=[COLUMNS.index(name) for name in dimensions],
        metric_at=3,
    )


def read(data: bytes, dimensions: list[str], limits: Limits):
    mapping = Mapping("date", "yyyy-MM-dd", tuple(dimensions), "requests")
    reader = PointReader(io.BytesIO(data), mapping=mapping, limits=limits)
    points: dict[tuple, Fraction] = {}
    names: list[tuple] = []
    rejected: list[int] = []
    for batch in reader:
        names += batch.combinations.drop("combination").rows() or [()] * batch.combinations.height
        rejected += [row.row_number for row in batch.rejects]
        keys = [(day, names[number]) for day, number, _ in batch.points.iter_rows()]
        assert len(set(keys)) == len(keys), "one point for each date and combination in a batch"
        for key, value in zip(keys, batch.points["value"], strict=True):
            points[key] = points.get(key, 0) + Fraction(value)
    assert len(set(names)) == len(names)
    return reader, points, rejected


@settings(max_examples=400, deadline=None)
@given(
    body=bodies(),
    dimensions=st.sampled_from([[], ["team"], ["note", "team"]]),
    block=st.sampled_from([16, 64, 1_000_000]),
    batch=st.sampled_from([1, 7, 250_000]),
    packed=st.booleans(),
)
def test_the_reader_comes_to_what_the_rules_say(body, dimensions, block, batch, packed):
    data = (",".join(COLUMNS) + "\n" + body).encode()
    data = gzip.compress(data) if packed else data
    limits = Limits(block_bytes=block, row_bytes=4_096, batch_points=batch)
    try:
        expected = expect(body, dimensions)
    except model.FileFails:
        with pytest.raises(FileError, match="A quote that opens in row"):
            read(data, dimensions, limits)
        return
    try:
        reader, points, rejected = read(data, dimensions, limits)
    except FileError as error:
        assert error.code == "sum_too_large"
        assert max(expected.points.values()) >= 10**20
        return
    assert points == expected.points
    assert sorted(rejected) == sorted(expected.rejected)
    assert (reader.rows_read, reader.rows_rejected) == (expected.rows, len(expected.rejected))
    assert reader.rows_repeated == expected.repeated
    assert reader.rows_by_day.total() == expected.rows - len(expected.rejected)


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=400), packed=st.booleans())
def test_any_bytes_end_in_an_outcome_or_a_named_error(data, packed):
    data = b"date,team,note,requests\n" + data
    try:
        read(gzip.compress(data) if packed else data, ["team"], Limits(block_bytes=64, row_bytes=128))
    except FileError as error:
        assert error.message
        assert error.remedy


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_from_the_start_end_in_an_outcome_or_a_named_error(data):
    try:
        read(data, ["team"], Limits())
    except FileError as error:
        assert error.message
        assert error.remedy
