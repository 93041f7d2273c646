"""The reader against the slow model: the same points, rejected rows, reasons and counts, on any input."""

from __future__ import annotations

import gzip

from hypothesis import example, given, settings
from hypothesis import strategies as st

from csvfiles.errors import FileError
from csvfiles.limits import Limits
from csvfiles.mapping import Mapping
from tests.csvfiles.comparing import compare, describe, read
from tests.csvfiles.model_cells import FORMATS

COLUMNS = ["date", "team", "note", "requests"]
MAPPING = Mapping("date", "yyyy-MM-dd", ("team",), "requests")

dates = st.one_of(
    st.dates().map(str),
    st.builds(
        "{}{}{}{}{}{}".format,
        st.sampled_from(["2024", "0000", "24", "02024", "05"]),
        st.sampled_from("-/"),
        st.sampled_from(["05", "5", "13", "02", "2024", "31"]),
        st.sampled_from("-/"),
        st.sampled_from(["01", "1", "30", "001", "2024", "24"]),
        st.sampled_from(["", "", "T00:00:00Z", "T00:00:01Z", " ", "\r", "\n"]),
    ),
    st.sampled_from(["2024-05-01", "2024-02-30", "2024-5-1", "", "2024-05-01 ", "٢٠٢٤-05-01", "20240501"]),
    st.datetimes().map(str),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["2024-05-01", "2024/5/1", "05/1/2024", "20240501", "2024-05/01", "1714521600"]),
        st.sampled_from(["T", " ", "_", ":", "-", ", ", "", "  "]),
        st.sampled_from(["5", "05", "0500", "05:00", "05:00:00.123", "5:00 PM", "000", "00", "050000"]),
        st.sampled_from(["", "Z", "+02:00", " UTC", "+0200", "[Europe/Berlin]", " AM", "x"]),
    ),
)
metrics = st.one_of(
    st.integers(-5, 10**21).map(str),
    st.decimals(0, 10**6, places=4).map(str),
    st.text(alphabet="0123456789.,eE+-_ '", max_size=9),
    st.builds("{}{}e{}".format, st.integers(0, 99), st.just("0" * 30), st.integers(-60, 60)),
    st.sampled_from(["0", "-0", "+5", ".5", "5.", ".", "1e3", "1E-18", "1e-19", "0e999", "1e400", "00.10"]),
    st.sampled_from(["NaN", "inf", "1,5", "1_0", "0x1F", "١٢", "--1", "-0e0", "1\u00a0000", "12,345.6"]),
    st.sampled_from(
        ["1.234", "12.500", "0.125", "1234.500", "+1.234", "1.234.567", "12,5", "1.234,5", "1,234"]
    ),
    st.sampled_from(
        ["1 234,5", "0,125", "-12,5", "1,234.5", "12.5", " 12,5", "1,5e3", "1.234,567", "1.23.4"]
    ),
    st.sampled_from(["", " 1", "1 ", "1e99999999999999999999", "0e99999999999999999999", "9" * 20, "9" * 21]),
    st.sampled_from(["9" * 20 + "." + "9" * 18, "0." + "0" * 18 + "1", "0.1" + "0" * 18, "0" * 99 + "7"]),
    st.sampled_from(
        ["9" * 8 + "." + "9" * 30, "0." + "0" * 29 + "1", "9" * 9 + "." + "9" * 30, "1" * 9 + ".5"]
    ),
    st.floats(0, 1e20, allow_subnormal=False).map(repr),
)
words = st.one_of(
    st.sampled_from(["core", "web", "007", "1e5", "NULL", "", " x", "a,b", 'q"q', "é💶", "a;b|c\td"]),
    st.sampled_from(["line\nbreak", "n\0n", "r\rr", "r\r\nn", "\u2028", "\x0b\x0c\x85", "\x1d\x1e\x1f"]),
    st.sampled_from(["\ufeffmark", '""', '","', '"\n"']),
    st.text(max_size=5),
)


def quote(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def as_is(cell: str) -> str:
    return cell


line_ends = st.sampled_from(["\n", "\n", "\r\n", "\n\n", "\r\r\n"])
odd_rows = st.one_of(
    st.text(alphabet='",;\r\n1a\0 ', max_size=12),
    st.sampled_from(["", ",", ",,,", ",,,,", '"', '"2024-05-01","a"x,"b",1', 'a"b"c,,,1']),
    st.sampled_from(
        ["2024-05-01,a,b,1\r2024-05-01,a,b,2", '2024-05-01,"a\nb",b,1\r2024-05-01,a,b,2\r', "a\rb"]
    ),
)
header_rows = st.one_of(
    st.permutations(COLUMNS).map(tuple),
    st.sampled_from(
        [tuple(COLUMNS), tuple(name.upper() for name in COLUMNS), ("date", "x", "y", "requests")]
    ),
    st.just(("\ufeffdate", "team", "note", "requests\u200b")),
)
plain_cells = {
    "date": st.sampled_from(["2024-05-01", "2024-05-02"]),
    "requests": st.decimals(0, 100, places=2).map(str),
}


@st.composite
def files(draw):
    """(bytes, mapping): columns in any order, cells quoted by column, by cell or not at all."""
    names = draw(st.permutations(COLUMNS))
    delimiter = draw(st.sampled_from(",,,;\t|"))
    wild = {"date": dates, "requests": metrics}
    quoted = draw(st.lists(st.sampled_from([as_is, quote, None]), min_size=4, max_size=4))
    rows = []
    kinds = st.sampled_from(["plain"] * 6 + ["wild"] * 3 + ["odd", "odd", "header"])
    for kind in draw(st.lists(kinds, max_size=30)):
        if kind == "odd":
            rows.append(draw(odd_rows).replace(",", delimiter))
            continue
        if kind == "header":
            rows.append(delimiter.join(names if draw(st.booleans()) else draw(header_rows)))
            continue
        tame = st.sampled_from(["core", "web", "é", f"a{delimiter}b"])
        by_name = plain_cells if kind == "plain" else wild
        cells = [draw(by_name.get(name, tame if kind == "plain" else words)) for name in names]
        marks = [mark or draw(st.sampled_from([as_is, quote])) for mark in quoted]
        protect = kind == "wild" and draw(st.booleans())
        rows.append(
            delimiter.join(
                quote(cell) if protect or delimiter in cell else mark(cell)
                for mark, cell in zip(marks, cells, strict=True)
            )
        )
    text = delimiter.join(names) + "\n" + "".join(row + draw(line_ends) for row in rows)
    text = text if draw(st.booleans()) else text.rstrip("\n")
    date_format = draw(st.sampled_from(["yyyy-MM-dd", "yyyy-MM-dd", *FORMATS]))
    dimensions = draw(st.sampled_from([(), ("team",), ("note", "team")]))
    return text.encode(), Mapping("date", date_format, dimensions, "requests")


limits = st.builds(
    Limits,
    block_bytes=st.sampled_from([1, 16, 64, 300, 1_000_000]),
    row_bytes=st.sampled_from([64, 4_096, 100_000]),
    batch_points=st.sampled_from([1, 7, 250_000]),
    rejects_kept=st.sampled_from([2, 10_000]),
    values_kept=st.sampled_from([1, 100_000]),
    totals_kept=st.sampled_from([2, 100_000]),
    totals_a_day=st.sampled_from([1, 2, 100]),
)


@settings(max_examples=500, deadline=None)
@given(file=files(), limits=limits, mark=st.sampled_from([b"", b"", b"\xef\xbb\xbf"]), packed=st.booleans())
def test_the_reader_comes_to_what_the_rules_say(file, limits, mark, packed):
    data, mapping = file
    compare(gzip.compress(mark + data) if packed else mark + data, mapping, limits)


headers = st.one_of(
    st.lists(st.sampled_from([*COLUMNS, "", " ", "te am", '"team"', '"te"am', '"', "é", "x\ry"]), max_size=7),
    st.permutations([*COLUMNS, "extra", '"more;|"']),
    st.permutations([*COLUMNS, "a|b|c", "x;y\tz"]),
    st.permutations(["Date", "team\u200b", "requests", "2024-05-01"]),
    st.just(["2024-05-01", "core", "x", "5"]),
)
above = st.sampled_from(
    ["", "", "", "sep=,\n", "sep=;\r\n", "Usage report\n\n", "\n", ",,\n", '"x\n', "\r\n\r\n"]
)


@settings(max_examples=300, deadline=None)
@given(above=above, names=headers, delimiter=st.sampled_from(",;\t|"), end=line_ends, limits=limits)
def test_a_header_is_broken_for_both_or_for_neither(above, names, delimiter, end, limits):
    compare((above + delimiter.join(names) + end + "2024-05-01,core,x,5\n").encode(), MAPPING, limits)


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=400), packed=st.booleans(), limits=limits)
@example(data=b"\r\x80", packed=False, limits=Limits(block_bytes=64, row_bytes=128))
def test_any_bytes_end_in_an_outcome_or_a_named_error(data, packed, limits):
    data = b"date,team,note,requests\n" + data
    compare(gzip.compress(data) if packed else data, MAPPING, limits)


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_from_the_start_end_in_an_outcome_or_a_named_error(data):
    compare(data, MAPPING, Limits())


@settings(max_examples=200, deadline=None)
@given(file=files(), cut=st.integers(0, 400), members=st.integers(1, 5), tail=st.binary(max_size=4))
def test_gzip_of_several_members_cut_off_or_with_something_after_it(file, cut, members, tail):
    data, mapping = file
    step = len(data) // members + 1
    packed = b"".join(gzip.compress(data[at : at + step]) for at in range(0, len(data), step))
    compare(packed, mapping, Limits(block_bytes=64))
    for broken in (packed[: max(len(packed) - cut, 2)], packed + b"\0\0" + tail):
        try:
            read(broken, mapping, Limits(block_bytes=64))
        except FileError as error:
            assert error.remedy


rows_of_days = st.lists(
    st.tuples(
        st.sampled_from(["1969-12-31", "2024-05-01", "2024-05-02"]),
        st.sampled_from(["core", "web", ""]),
        st.sampled_from(["x", "y"]),
        st.sampled_from(["1", "2.50", "-1"]),
    ),
    max_size=12,
)
exports = st.lists(
    st.one_of(rows_of_days, st.builds(lambda rows, times: rows * times, rows_of_days, st.integers(1, 30))),
    min_size=2,
    max_size=4,
)


@settings(max_examples=300, deadline=None)
@given(exports=exports, block_bytes=st.sampled_from([1, 40, 300, 1_000_000]), named=st.booleans())
def test_a_file_comes_to_the_same_after_whichever_others(exports, block_bytes, named):
    mapping = Mapping("date", "yyyy-MM-dd", ("team", "note") if named else ("note",), "requests")
    limits, known = Limits(block_bytes=block_bytes, batch_points=7), None
    for rows in exports:
        data = "\n".join([",".join(COLUMNS), *map(",".join, rows), ""]).encode()
        alone, *expected = read(data, mapping, limits)
        after, *found = read(data, mapping, limits, like=known)
        assert found == expected
        assert describe(after) == describe(alone)
        assert compare(data, mapping, limits) == "read"
        known = after.combinations
