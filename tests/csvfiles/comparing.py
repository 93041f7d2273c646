"""One file, read by the reader and by the slow model: both must come to the same, or fail for the same."""

from __future__ import annotations

import io
from collections import Counter
from fractions import Fraction

from csvfiles import sample
from csvfiles.combinations import Combinations
from csvfiles.errors import FileError
from csvfiles.limits import Limits
from csvfiles.mapping import Mapping
from csvfiles.read import PointReader
from tests.csvfiles import model
from tests.csvfiles.model_cells import count_digits

BY_AMOUNT = {
    "too_many_combinations",
    "too_many_dates",
    "sum_too_large",
}  # faults that the model does not know


def compare(data: bytes, mapping: Mapping, limits: Limits) -> str:
    """Raises AssertionError where they differ. Returns "read", or the code by which the file fails."""
    asked = model.Asked(
        mapping.date_column,
        mapping.date_format,
        mapping.dimensions,
        mapping.metric_column,
        limits.row_bytes,
        limits.columns,
    )
    try:
        expected, codes = model.read_file(data, asked), set()
    except model.FileFails as fails:
        expected, codes = None, fails.codes
    try:
        reader, points, rejected = read(data, mapping, limits)
    except FileError as error:
        check_failure(error, expected, codes, limits)
        return error.code
    assert expected is not None, f"read, where the model fails by {codes}"
    assert points == expected.points
    assert rejected == expected.rejected or len(expected.rejected) > limits.rejects_kept
    assert reader.reasons == Counter(expected.rejected.values())
    assert (reader.rows_read, reader.rows_rejected) == (expected.rows, len(expected.rejected))
    assert reader.rows_repeated == expected.repeated
    assert reader.rows_by_day.total() == expected.rows - len(expected.rejected)
    assert reader.rejected_by_day == expected.rejected_by_day
    check_sample(data, mapping, expected, limits)
    check_after(reader, points, rejected, data, mapping, limits)
    return "read"


def check_after(
    alone: PointReader, points: dict, rejected: dict, data: bytes, mapping: Mapping, limits: Limits
):
    """A file comes to the same when it is read after one with the same combinations."""
    after, *same = read(data, mapping, limits, like=alone.combinations)
    assert same == [points, rejected]
    assert describe(after) == describe(alone)


def describe(reader: PointReader) -> tuple:
    """All that a reader counts."""
    return reader.rows_read, reader.reasons, reader.rows_by_day, reader.rows_repeated, reader.totals.overall


def check_failure(error: FileError, expected: model.Outcome | None, codes: set[str], limits: Limits) -> None:
    assert error.message
    assert error.remedy
    if expected is None:
        assert error.code in codes | BY_AMOUNT, f"{error.code} is not in {codes}"
    elif error.code == "sum_too_large":
        assert any(value >= 10**20 or count_digits(value) > 38 for value in expected.points.values())
    elif error.code == "too_many_combinations":
        assert len({names for _, names in expected.points}) > limits.combinations
    else:
        raise AssertionError(f"{error.code}, where the model reads the file") from error


def read(data: bytes, mapping: Mapping, limits: Limits, like: Combinations | None = None):
    """(the reader, points by date and dimensions, reasons by row) of a file."""
    reader = PointReader(io.BytesIO(data), mapping=mapping, limits=limits, like=like)
    points: dict[tuple, Fraction] = {}
    names: list[tuple] = []
    rejected: dict[int, str] = {}
    for batch in reader:
        names += batch.combinations.drop("combination").rows() or [()] * batch.combinations.height
        assert not rejected.keys() & {row.row_number for row in batch.rejects}
        rejected |= {row.row_number: row.reason for row in batch.rejects}
        keys = [(day, names[number]) for day, number, _ in batch.points.iter_rows()]
        assert len(set(keys)) == len(keys), "one point for each date and combination in a batch"
        for key, value in zip(keys, batch.points["value"], strict=True):
            points[key] = points.get(key, 0) + Fraction(value)
    assert len(set(names)) == len(names)
    check_totals(reader, points, limits)
    return reader, points, rejected


def check_totals(reader: PointReader, points: dict[tuple, Fraction], limits: Limits) -> None:
    """By date, and by date and each dimension's value: sums over the points."""
    expected: dict[tuple, Fraction] = {}
    for (day, names), value in points.items():
        for position, name in enumerate(("", *names)):
            expected[day, position, name] = expected.get((day, position, name), 0) + value
    found = {
        (day, position, name): Fraction(value)
        for position, day, name, value in reader.totals.list_totals(reader.totals.overall).iter_rows()
    }
    values = Counter((day, position) for day, position, _ in expected)
    assert found == {
        key: value
        for key, value in expected.items()
        if key[1] not in reader.totals.incomplete and values[key[:2]] <= limits.totals_a_day
    }


def check_sample(data: bytes, mapping: Mapping, expected: model.Outcome, limits: Limits) -> None:
    """What the wizard shows of a file that can be read are rows of it, with their numbers."""
    shown = sample.sample_file(
        lambda start, length: data[start : start + length],
        key="a.csv",
        size=len(data),
        known=mapping.columns,
        limits=limits,
    )
    for row in shown.rows:
        if row.number is None:
            assert row.cells in expected.cells.values()
        else:
            assert row.cells == expected.cells[row.number]
    if len(data) <= sample.HEAD_BYTES and len(shown.rows) < sample.ROWS_AT_EACH_END:
        assert len(shown.rows) == len(expected.cells)
