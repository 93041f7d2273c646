"""Numbers whose points may stand between thousands: such a file fails rather than storing a thousandth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvfiles.decimal_commas import CLEAR
from csvfiles.errors import FileError
from csvfiles.limits import Limits
from csvfiles.mapping import Mapping
from csvfiles.numbers import parse_metric
from csvfiles.trial import try_decimal_commas
from tests.csvfiles.comparing import compare, read

MAPPING = Mapping("date", "yyyy-MM-dd", (), "requests")


def make_file(*cells: str, delimiter: str = ",") -> bytes:
    rows = (f'2024-05-{day:02}{delimiter}"{cell}"' for day, cell in enumerate(cells, 1))
    return "\n".join([f"date{delimiter}requests", *rows, ""]).encode()


def end(*cells: str, delimiter: str = ",") -> str:
    """How the file ends in one block, and in many; the wizard's look at its cells says the same."""
    data = make_file(*cells, delimiter=delimiter)
    ends = {compare(data, MAPPING, Limits(block_bytes=size)) for size in (1, 40, 1_000_000)}
    seen = try_decimal_commas(enumerate(cells, 2), delimiter=delimiter, column="requests")
    assert ends == {"read" if seen is None else seen.code}
    return ends.pop()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "with_comma",
    [
        "12,5",
        "0,5",
        "1.234,56",
        "1.234,567",
        "1.234.567",
        "1234,567",
        "0,125",
        "-12,5",
        "1 234,5",
        "1,5e3",
        " 12,5",
    ],
)
def test_both_kinds_in_one_column_fail_the_file(delimiter, with_comma):
    for cells in (("1.234", with_comma), (with_comma, "1.234"), ("7", "1.234", "12.5", "x", with_comma)):
        assert end(*cells, delimiter=delimiter) == "decimal_commas"


@pytest.mark.parametrize(
    "cells",
    [
        ("1.234", "12.5"),
        ("1.23", "12,5"),
        ("0.125", "12,5"),
        ("1234.500", "12,5"),
        ("1234", "12,5"),
        ("1.234", "1,234"),
        ("1.234", "1,234.5"),
        ("1.234", "many"),
        ("1.234", "1.23.4"),
        ("012.345", "12,5"),
    ],
)
def test_one_kind_alone_is_what_it_seems(cells):
    assert end(*cells) == "read"


@pytest.mark.parametrize(
    "cells", [("1.234",), ("12.500", "7"), ("1.234", "999.000"), ("+1.234", "5"), ("1.234", "1.234.567")]
)
def test_between_semicolons_points_before_three_digits_alone_fail_the_file(cells):
    assert end(*cells, delimiter=";") == "decimal_commas"
    with pytest.raises(FileError, match="separate the cells by commas, or write another count of decimals"):
        read(make_file(*cells[:1], delimiter=";"), MAPPING, Limits())


@pytest.mark.parametrize("other", ["0.125", "1234.500", "12.5", "1.2345", "0.5", "5.", "1.5e3"])
def test_one_number_that_can_only_have_a_decimal_point_settles_it(other):
    assert end("1.234", other, delimiter=";") == "read"
    assert end(other, "1.234", delimiter=";") == "read"


def test_rows_that_are_rejected_for_their_date_store_no_thousandth():
    data = b"date;requests\n2024-05-01;5\nTotal;1.234\n"
    assert compare(data, MAPPING, Limits()) == "read"


def test_the_message_names_column_rows_and_what_may_be_meant():
    with pytest.raises(FileError) as raised:
        read(make_file("5", "1.234", "12,5"), MAPPING, Limits())
    assert raised.value.message == (
        "The metric column requests has both “1.234” (row 3) and “12,5” (row 4), so it may be written with "
        "decimal commas, and “1.234” may mean 1234."
    )


@given(cell=st.from_regex(CLEAR, fullmatch=True))
def test_what_needs_no_look_is_a_metric_in_plain_text_and_no_group_of_thousands(cell):
    cell = cell.rstrip("\n")
    assert parse_metric(cell) >= 0
    assert try_decimal_commas([(2, cell), (3, "12,5")], delimiter=";", column="requests") is None
