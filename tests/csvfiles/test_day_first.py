"""Month or day first: one row that tells spoils the file, whose rows up to the 12th would be wrong unseen."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvfiles.dates import DATE_FORMATS, parse_date
from csvfiles.day_first import DAY_FIRST, exchange, is_day_first, parse_day_first, write_day_first
from csvfiles.errors import FileError
from csvfiles.limits import Limits
from csvfiles.mapping import Mapping
from tests.csvfiles.comparing import compare, read


def make_file(*cells: str) -> bytes:
    return "\n".join(["date,requests", *(f"{cell},1" for cell in cells), ""]).encode()


def by(date_format: str) -> Mapping:
    return Mapping("date", date_format, (), "requests")


def fail(data: bytes, date_format: str, **limits: int) -> FileError:
    with pytest.raises(FileError) as raised:
        read(data, by(date_format), Limits(**limits))
    assert raised.value.code == "day_first"
    return raised.value


def test_every_format_has_its_day_first_twin():
    assert list(DAY_FIRST) == list(DATE_FORMATS)


@pytest.mark.parametrize("date_format", DATE_FORMATS)
@given(day=st.dates())
def test_a_date_written_with_the_day_first_is_read_so_and_tells_after_the_12th(date_format, day):
    cell = write_day_first(day, date_format)
    assert parse_day_first(cell, date_format) == day
    assert is_day_first(cell, date_format) is (day.day > 12)
    assert parse_date(cell, date_format) == (None if day.day > 12 else exchange(day))


@pytest.mark.parametrize(
    ("date_format", "cell"),
    [
        ("MM/d/yyyy", "13/03/2024"),
        ("MM/d/yyyy", "13/3/2024"),
        ("MM/d/yyyy", "31/12/2024"),
        ("MM/d/yyyy", "29/02/2024"),
        ("yyyy-MM-dd", "2024-13-03"),
        ("yyyy/MM/dd", "2024/31/01"),
        ("yyyy/M/d", "2024/13/3"),
        ("yyyy-M-d", "2024-30-4"),
        ("yyyy-MM-dd'T'00:00:00'Z'", "2024-13-03T00:00:00Z"),
    ],
)
def test_a_row_that_only_fits_with_the_day_first_fails_the_file(date_format, cell):
    first = write_day_first(date(2024, 3, 1), date_format)
    for rows in ((first, cell), (cell, first), (first, cell, cell)):
        for block_bytes in (1, 1_000_000):
            limits = Limits(block_bytes=block_bytes)
            assert compare(make_file(*rows), by(date_format), limits) == "day_first"
    assert f"Row 3 has the date {cell}" in fail(make_file(first, cell, cell), date_format).message


@pytest.mark.parametrize(
    ("date_format", "cell"),
    [
        ("MM/d/yyyy", "1/03/2024"),  # one digit too few; as likely a month
        ("MM/d/yyyy", "32/01/2024"),
        ("MM/d/yyyy", "13/13/2024"),
        ("MM/d/yyyy", "30/02/2024"),
        ("MM/d/yyyy", "29/02/2023"),
        ("MM/d/yyyy", "13.03.2024"),
        ("MM/d/yyyy", "13/03/24"),
        ("MM/d/yyyy", "13/03/2024 "),
        ("MM/d/yyyy", "١٣/03/2024"),
        ("MM/d/yyyy", "02/30/2024"),
        ("MM/d/yyyy", ""),
        ("yyyy-MM-dd", "2024-13-13"),
        ("yyyy-MM-dd", "2024-02-30"),
        ("yyyy-MM-dd", "13-03-2024"),
        ("yyyy-MM-dd", "2024/13/03"),
    ],
)
def test_any_other_cell_that_is_no_date_is_a_rejected_row(date_format, cell):
    good = write_day_first(date(2024, 5, 5), date_format)
    assert compare(make_file(good, cell), by(date_format), Limits()) == "read"
    _, points, rejected = read(make_file(good, cell), by(date_format), Limits())
    assert (len(points), list(rejected)) == (1, [3])


def test_the_failure_names_row_cell_both_readings_and_the_remedy():
    data = make_file("01/03/2024", "12/03/2024", "13/03/2024", "14/03/2024")
    assert str(fail(data, "MM/d/yyyy")) == (
        "Row 4 has the date 13/03/2024, which is 13 Mar 2024 with the day first and no date in the format "
        "MM/d/yyyy. The file would be stored with wrong dates: 01/03/2024 as 3 Jan 2024 instead of "
        "1 Mar 2024. Export the dates as MM/d/yyyy, with the month before the day; or correct this row if "
        "it alone is wrong. Check also the dates up to the 12th of files that were read before."
    )


def test_the_example_is_another_date_in_january_too():
    assert "02/01/2024 as 1 Feb 2024 instead of 2 Jan 2024" in str(fail(make_file("13/01/2024"), "MM/d/yyyy"))


def test_the_row_counts_whatever_else_it_lacks():
    data = b"date,requests\n01/03/2024,1\n13/03/2024,not a number\n"
    assert compare(data, by("MM/d/yyyy"), Limits()) == "day_first"


def test_a_row_of_another_width_says_nothing():
    data = b"date,requests\n01/03/2024,1\n13/03/2024,1,2\n"
    assert compare(data, by("MM/d/yyyy"), Limits()) == "read"


cells = st.one_of(
    st.dates().map(lambda day: f"{day:%m/%d}/{day.year:04}"),
    st.builds(
        "{:02}/{}/{}".format,
        st.integers(0, 32),
        st.sampled_from(["1", "01", "12", "13", "31"]),
        st.just("2024"),
    ),
    st.sampled_from(["", "x", "2024-13-01"]),
)


@given(cells=st.lists(cells, max_size=8), block_bytes=st.sampled_from([1, 24, 1_000_000]))
def test_reader_and_model_agree_on_month_first_dates_and_their_twins(cells, block_bytes):
    compare(make_file(*cells), by("MM/d/yyyy"), Limits(block_bytes=block_bytes))
