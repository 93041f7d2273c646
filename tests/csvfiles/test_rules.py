"""The sentences of the rules about cells, one case each."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.decimals import plain
from csvfiles.dates import DATE_FORMATS, find_format, parse_date
from csvfiles.names import reason_to_ignore
from csvfiles.numbers import NotAMetric, parse_metric
from csvfiles.rules import OTHER_TIME, reason_against_date

MAY = date(2024, 5, 1)


def test_the_formats_are_the_references_in_its_order():
    assert list(DATE_FORMATS) == [
        "yyyy-MM-dd",
        "yyyy/MM/dd",
        "yyyy/M/d",
        "MM/d/yyyy",
        "yyyy-M-d",
        "yyyy-MM-dd'T'00:00:00'Z'",
    ]


@pytest.mark.parametrize(
    ("date_format", "cell", "expected"),
    [
        ("yyyy-MM-dd", "2024-05-01", MAY),
        ("yyyy-MM-dd", "2024-5-01", None),
        ("yyyy-MM-dd", "2024-05-1", None),
        ("yyyy-MM-dd", "24-05-01", None),
        ("yyyy-MM-dd", "2024-05-01T00:00:00Z", None),
        ("yyyy-MM-dd", " 2024-05-01", None),
        ("yyyy-MM-dd", "2024-05-01\n", None),
        ("yyyy-MM-dd", "2023-02-29", None),
        ("yyyy-MM-dd", "2024-02-29", date(2024, 2, 29)),
        ("yyyy-MM-dd", "2024-13-01", None),
        ("yyyy-MM-dd", "0000-01-01", None),
        ("yyyy-MM-dd", "٢٠٢٤-05-01", None),
        ("yyyy/MM/dd", "2024/05/01", MAY),
        ("yyyy/MM/dd", "2024/5/1", None),
        ("yyyy/MM/dd", "2024-05-01", None),
        ("yyyy/M/d", "2024/5/1", MAY),
        ("yyyy/M/d", "2024/05/01", MAY),
        ("yyyy/M/d", "2024/005/1", None),
        ("MM/d/yyyy", "05/1/2024", MAY),
        ("MM/d/yyyy", "05/01/2024", MAY),
        ("MM/d/yyyy", "5/1/2024", None),
        ("MM/d/yyyy", "13/1/2024", None),
        ("yyyy-M-d", "2024-5-1", MAY),
        ("yyyy-M-d", "2024-05-01", MAY),
        ("yyyy-MM-dd'T'00:00:00'Z'", "2024-05-01T00:00:00Z", MAY),
        ("yyyy-MM-dd'T'00:00:00'Z'", "2024-05-01T00:00:01Z", None),
        ("yyyy-MM-dd'T'00:00:00'Z'", "2024-05-01T00:00:00+00:00", None),
        ("yyyy-MM-dd'T'00:00:00'Z'", "2024-05-01t00:00:00z", None),
        ("yyyy-MM-dd'T'00:00:00'Z'", "2024-05-01", None),
    ],
)
def test_a_date_is_what_its_format_says_and_nothing_is_guessed(date_format, cell, expected):
    assert parse_date(cell, date_format) == expected


def test_the_reference_writes_the_last_format_without_its_closing_quote():
    assert find_format("yyyy-MM-dd'T'00:00:00'Z") == "yyyy-MM-dd'T'00:00:00'Z'"
    assert find_format("dd.MM.yyyy") is None


CUT_OFF = "the date has a time of day: cut it off (rows of one day add up), or export one row a day"
UNIX = (
    "the date is a Unix timestamp: write the date instead (rows of one day add up), or export one row a day"
)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("2024-05-01T05:00:00Z", CUT_OFF),
        ("2024-05-01 05:00:00", CUT_OFF),
        ("2024-05-01 00:00:00", CUT_OFF),
        ("2024-05-01T05:00", CUT_OFF),
        ("2024-05-01T05", CUT_OFF),
        ("2024-05-01 5", CUT_OFF),
        ("2024-05-01-05", CUT_OFF),
        ("2024-05-01T05:00:00.123456+02:00", CUT_OFF),
        ("2024-05-01 05:00:00.000 UTC", CUT_OFF),
        ("2024-05-01T05:00:00+02:00[Europe/Berlin]", CUT_OFF),
        ("2024/5/1 5:00", CUT_OFF),
        ("5/1/2024 5:00:00 PM", CUT_OFF),
        ("01.05.2024 05:00", CUT_OFF),
        ("20240501T050000Z", CUT_OFF),
        ("2024050105", CUT_OFF),
        ("20240501050000", CUT_OFF),
        ("1714539600", UNIX),
        ("1714539600.0", UNIX),
        ("1714539600000", UNIX),
        ("1714539600000000000", UNIX),
        ("20240501", "the date is not in the format yyyy-MM-dd"),
        ("2024-05", "the date is not in the format yyyy-MM-dd"),
        ("2024-05-01 ", "the date is not in the format yyyy-MM-dd"),
        ("05:00", "the date is not in the format yyyy-MM-dd"),
        ("12", "the date is not in the format yyyy-MM-dd"),
        ("2024-05-01 " * 100, "the date is not in the format yyyy-MM-dd"),
        ("", "the date is empty"),
        ("2024-05-01", None),
    ],
)
def test_a_moment_in_place_of_a_date_is_told_with_what_to_do(cell, reason):
    assert reason_against_date(cell, "yyyy-MM-dd") == reason


def test_where_the_format_has_a_time_of_day_it_is_the_only_one():
    reason = reason_against_date("2024-05-01T05:00:00Z", "yyyy-MM-dd'T'00:00:00'Z'")
    assert reason.startswith("the date has a time of day other than T00:00:00Z: write that instead")
    assert reason_against_date("2024-05-01T00:00:00Z", "yyyy-MM-dd'T'00:00:00'Z'") is None


def test_a_reason_fits_where_it_is_kept():
    assert max(map(len, (CUT_OFF, UNIX, OTHER_TIME))) <= 200


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("007", "7"),
        ("3.50", "3.5"),
        ("+3", "3"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("2.5E-3", "0.0025"),
        ("9" * 20 + "." + "9" * 18, "9" * 20 + "." + "9" * 18),
        ("0." + "9" * 30, "0." + "9" * 30),
        ("9" * 8 + "." + "9" * 30, "9" * 8 + "." + "9" * 30),
        ("9" * 9 + "." + "9" * 29, "9" * 9 + "." + "9" * 29),
        ("0.100000000000000000000", "0.1"),
        ("0.1" + "0" * 40, "0.1"),
        ("0.0007212169050876665", "0.0007212169050876665"),  # as OpenCost writes its costs
        ("1.5007635628272106E-4", "0.00015007635628272106"),
        ("1.0000000000000002e-13", "0.00000000000010000000000000002"),  # as pandas writes a float
        ("99999999999999991611392.0e-4", "9999999999999999161.1392"),
    ],
)
def test_a_metric_is_a_decimal_number_of_at_least_zero(cell, text):
    assert plain(parse_metric(cell)) == text


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "the metric is empty"),
        ("-1", "the metric is negative"),
        ("-1e-5", "the metric is negative"),
        ("NaN", "the metric is NaN"),
        ("nan", "the metric is NaN"),
        ("Infinity", "the metric is infinite"),
        ("-inf", "the metric is infinite"),
        ("1,000", "the metric has thousands separators"),
        ("1 000", "the metric has thousands separators"),
        ("1.000.000", "the metric has thousands separators"),
        ("1_000", "the metric has thousands separators"),
        ("0x1F", "the metric is not a decimal number"),
        ("١٢", "the metric is not a decimal number"),
        ("12 GB", "the metric is not a decimal number"),
        ("1,5", "the metric has a decimal comma: export it with a point"),
        ("1234,567", "the metric has a decimal comma: export it with a point"),
        (",5", "the metric has a decimal comma: export it with a point"),
        ("1,234", "the metric has thousands separators"),
        ("1,5,7", "the metric is not a decimal number"),
        ("5 ", "the metric has space around it"),
        ("9" * 21, "the metric does not fit 38 digits, 20 before the point and 30 after it"),
        ("1e20", "the metric does not fit 38 digits, 20 before the point and 30 after it"),
        ("1e-31", "the metric does not fit 38 digits, 20 before the point and 30 after it"),
        ("9" * 9 + "." + "9" * 30, "the metric does not fit 38 digits, 20 before the point and 30 after it"),
        ("9" * 20 + "." + "9" * 19, "the metric does not fit 38 digits, 20 before the point and 30 after it"),
        ("1e999999999", "the metric does not fit 38 digits, 20 before the point and 30 after it"),
    ],
)
def test_an_invalid_metric_says_why(cell, reason):
    with pytest.raises(NotAMetric) as raised:
        parse_metric(cell)
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("value", "text"), [("1E+3", "1000"), ("1.50", "1.5"), ("0E-18", "0"), ("100", "100")]
)
def test_plain_decimals_have_neither_exponent_nor_idle_zeros(value, text):
    assert plain(Decimal(value)) == text


@pytest.mark.parametrize(
    ("key", "size", "ignored"),
    [
        ("usage/a.csv", 5, False),
        ("usage/a.csv.gz", 5, False),
        ("usage/A.CSV", 5, False),
        ("a_b/c.csv", 5, False),
        ("usage/", 0, True),
        ("usage/a.csv", 0, True),
        ("usage/_a.csv", 5, True),
        ("usage/.a.csv", 5, True),
        ("_usage/a.csv", 5, False),
        ("usage/a.csv.bak", 5, True),
        ("usage/a.gz", 5, True),
        ("usage/a.parquet", 5, True),
    ],
)
def test_which_objects_are_csv_files(key, size, ignored):
    assert (reason_to_ignore(key, size) is not None) is ignored
