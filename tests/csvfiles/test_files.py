"""Whole files: what real exports look like, and what fails a file."""

from __future__ import annotations

import gzip
import io
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from csvfiles.errors import FileError
from csvfiles.limits import Limits
from csvfiles.mapping import Mapping
from csvfiles.read import PointReader
from csvfiles.sample import sample_file
from csvfiles.trial import guess_type, try_date_formats, try_mapping, try_metric

MAPPING = Mapping("date", "yyyy-MM-dd", ("team",), "requests")
HEADER = "date,team,requests\n"


def pack(data: bytes) -> bytes:
    """As gzip does, without the time: it would be another test's name a second later."""
    return gzip.compress(data, mtime=0)


def read(data: str | bytes, mapping: Mapping = MAPPING, **limits: int):
    """(points as (date, combination, value), the reader) of a file."""
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    reader = PointReader(stream, mapping=mapping, limits=Limits(**limits))
    names, points = [], []
    for batch in reader:
        names += batch.combinations.drop("combination").rows()
        points += [(str(day), *names[number], value) for day, number, value in batch.points.iter_rows()]
    return points, reader


ONE = [("2024-05-01", "core", "5")]


@pytest.mark.parametrize(
    "data",
    [
        HEADER + "2024-05-01,core,5\n",
        HEADER + "2024-05-01,core,5",
        "\ufeff" + HEADER + "2024-05-01,core,5\n",
        HEADER.replace("\n", "\r\n") + "2024-05-01,core,5\r\n",
        HEADER.replace("\n", "\r\n") + "2024-05-01,core,5\n",
        HEADER + "2024-05-01,core,5\n\n\n",
        HEADER.replace(",", ";") + "2024-05-01;core;5\n",
        HEADER.replace(",", "\t") + "2024-05-01\tcore\t5\n",
        HEADER.replace(",", "|") + "2024-05-01|core|5\n",
        '"date","team","requests"\n"2024-05-01","core","5"\n',
        "requests,other,date,team\n5,x,2024-05-01,core\n",
        pack((HEADER + "2024-05-01,core,5\n").encode()),
        pack(HEADER.encode()) + pack(b"2024-05-01,core,5\n"),
    ],
)
def test_one_point_in_every_guise(data):
    assert read(data)[0] == ONE


def test_quoted_commas_quotes_and_newlines_are_part_of_the_value():
    points, _ = read(HEADER + '2024-05-01,"a,b",1\n2024-05-01,"say ""hi""",2\n2024-05-01,"two\nlines",3\n')
    assert [point[1] for point in points] == ["a,b", 'say "hi"', "two\nlines"]


def test_a_header_alone_is_a_file_without_rows():
    points, reader = read(HEADER)
    assert (points, reader.rows_read) == ([], 0)


def test_extra_columns_are_named_and_not_read():
    _, reader = read("date,team,requests,note,owner\n2024-05-01,core,5,x,y\n")
    assert reader.extra_columns == ["note", "owner"]


def test_ragged_rows_are_rejected_rows():
    _, reader = read(HEADER + "2024-05-01,core\n2024-05-01,core,5,6\n2024-05-01,core,5\n")
    assert reader.reasons == {
        "the row has 2 cells where the header has 3": 1,
        "the row has 4 cells where the header has 3": 1,
    }


def test_a_date_is_told_before_a_metric():
    _, reader = read(HEADER + "yesterday,core,many\n")
    assert reader.reasons == {"the date is not in the format yyyy-MM-dd": 1}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "empty"),
        (pack(b""), "empty"),
        (pack(b"") * 3, "empty"),
        ("\ufeff", "empty"),
        (pack("\ufeff".encode()), "empty"),
        ("\n", "empty"),
        ("\r\n\n\r\n", "empty"),
        ("\ufeff\r\n", "empty"),
        ("\n" + HEADER, "late_header"),
        ("\n\n2024-05-01,core,5\n", "no_header"),
        ("date,te am,requests\n", "space_in_name"),
        ("date,team\u00a0x,requests\n", "space_in_name"),
        ("date,team,team,requests\n", "duplicate_name"),
        ("date,team,requests,\n", "empty_name"),
        ("date,requests\n", "missing_column"),
        ('date,"team,requests\n', "header_quotes"),
        (HEADER.encode("utf-16"), "utf16"),
        (HEADER.encode("utf-16-le"), "utf16"),
        ((HEADER + "2024-05-01,café,5\n").encode("latin-1"), "not_utf8"),
        (b"PAR1\x15\x04\x15", "binary"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary"),
        (pack(HEADER.encode() * 1000)[:-12], "gzip_truncated"),
        (pack(HEADER.encode())[:-8] + bytes(8), "gzip_damaged"),
        (HEADER.replace("\n", "\r") + "2024-05-01,core,5\r", "line_ends"),
        (HEADER + '2024-05-01,"core,5\n2024-05-02,core,6\n', "quote_never_closes"),
        (HEADER + '2024-05-01,"core,5\n2024-05-02,"web",6\n', "quote_never_closes"),
    ],
)
def test_what_fails_a_file(data, code):
    with pytest.raises(FileError) as raised:
        read(data)
    assert raised.value.code == code
    assert raised.value.remedy


def test_the_row_where_a_quote_opened_is_named():
    with pytest.raises(FileError, match="A quote that opens in row 3 is not closed"):
        read(HEADER + '2024-05-01,core,5\n2024-05-01,"core,5\n2024-05-02,core,6\n')


@pytest.mark.parametrize("block_bytes", [200, 1_000_000])
def test_a_row_over_the_limit_fails_the_file_wherever_it_falls(block_bytes):
    rows = "2024-05-01,core,5\n" * 20
    with pytest.raises(FileError, match="Row 22 is longer than 100 bytes"):
        read(
            HEADER + rows + "2024-05-01," + "x" * 100 + ",5\n" + rows, row_bytes=100, block_bytes=block_bytes
        )
    with pytest.raises(FileError, match="A quote that opens in row 22"):
        read(HEADER + rows + '2024-05-01,"' + "x\n" * 60 + '",5\n', row_bytes=100, block_bytes=block_bytes)


def test_limits_on_columns_combinations_and_what_gzip_holds():
    with pytest.raises(FileError, match="The header has 5 columns; 4 are allowed"):
        read("date,team,requests,a,b\n", columns=4)
    with pytest.raises(FileError, match="more than 2 combinations"):
        read(HEADER + "".join(f"2024-05-01,{name},5\n" for name in "abc"), combinations=2)
    with pytest.raises(FileError, match="holds more than 5000 bytes"):
        read(pack((HEADER + "2024-05-01,core,5\n" * 1000).encode()), expanded_bytes=5000)


def test_rejected_rows_beyond_the_kept_ones_are_still_counted():
    _, reader = read(HEADER + "2024-05-01,core,-1\n" * 50, rejects_kept=3)
    assert reader.rows_rejected == 50


def test_a_sum_that_does_not_fit_fails_the_file():
    with pytest.raises(FileError, match="Rows of 1 May 2024 add up to a value that does not fit 38 digits"):
        read(HEADER + f"2024-05-01,core,{'9' * 20}\n" * 2)
    with pytest.raises(FileError, match="Rows of 1 May 2024 add up to a value that does not fit 38 digits"):
        read(HEADER + f"2024-05-01,core,{'9' * 20}\n2024-05-01,core,1e-30\n")


@pytest.mark.parametrize("values", [["5", "1e-30"], ["1e-30", "5"], ["123456789", "1e-25"], ["0.25", "9e19"]])
def test_totals_are_exact_whatever_the_places_of_the_values_before(values):
    _, reader = read(
        HEADER + "".join(f"2024-05-01,team{n},{value}\n" for n, value in enumerate(values)), batch_points=1
    )
    totals = reader.totals.list_totals(reader.totals.overall)
    by_team = {name: Decimal(value) for place, _, name, value in totals.iter_rows() if place == 1}
    assert reader.totals.overall == {date(2024, 5, 1): sum(map(Fraction, values))}
    assert (
        by_team == {f"team{n}": Decimal(value) for n, value in enumerate(values)}
        or 1 in reader.totals.incomplete
    )


def fetch_from(data: bytes, asked: list[int]):
    def fetch(start: int, length: int) -> bytes:
        asked.append(length)
        return data[start : start + length]

    return fetch


def test_a_sample_of_a_large_file_has_its_first_and_its_last_rows_for_under_a_megabyte():
    rows = [f"2024-{1 + n // 30_000:02}-01,team{n},{n}\n" for n in range(200_000)]
    data, asked = (HEADER + "".join(rows)).encode(), []
    sample = sample_file(fetch_from(data, asked), key="big.csv", size=len(data))
    assert sum(asked) < 1_000_000
    assert sample.columns == ("date", "team", "requests")
    assert sample.rows[0].cells == ("2024-01-01", "team0", "0")
    assert sample.rows[-1].cells == ("2024-07-01", "team199999", "199999")
    assert (sample.rows[0].number, sample.rows[-1].number) == (2, None)


def test_a_sample_of_a_large_gzip_file_has_its_first_rows():
    data = pack(
        (HEADER + "".join(f"2024-05-01,team{n * 7919 % 99991},{n}\n" for n in range(300_000))).encode()
    )
    asked = []
    sample = sample_file(fetch_from(data, asked), key="big.csv.gz", size=len(data))
    assert sum(asked) < len(data)
    assert len(sample.rows) == 1_000


def test_a_sample_fails_as_the_sync_would():
    with pytest.raises(FileError, match="spaces"):
        sample_file(fetch_from(b"a b\n1\n", []), key="a.csv", size=6)


def test_trials_say_what_each_format_and_metric_makes_of_the_cells():
    trials = {trial.date_format: trial for trial in try_date_formats(["2024-05-01", "2024-5-2"])}
    assert trials["yyyy-M-d"].parses_all
    assert (trials["yyyy-MM-dd"].parsed, trials["yyyy-MM-dd"].first_failure) == (1, "2024-5-2")
    assert try_metric(["1", "x"]).first_failure == ("x", "the metric is not a decimal number")
    rows = [
        {"date": "2024-05-01", "team": "a", "requests": "-1"},
        {"date": "2024-05-01", "team": "a", "requests": "1"},
    ]
    assert try_mapping(rows, MAPPING).reasons == {"the metric is negative": 1}


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["2024-05-01", ""], "date"),
        (["1", "2.5"], "number"),
        (["1", "x"], "text"),
        ([""], "text"),
        ([], "text"),
    ],
)
def test_a_column_shows_what_it_seems_to_hold(cells, kind):
    assert guess_type(cells) == kind
