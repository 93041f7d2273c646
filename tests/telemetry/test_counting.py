"""Points of a file in parts are counted once each."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from telemetry.counting import PointCount

DAY = date(2024, 5, 1)
parts = st.lists(st.sets(st.tuples(st.integers(0, 3), st.integers(1, 5))), max_size=6)


def as_frame(part: set[tuple[int, int]]) -> pl.DataFrame:
    rows = [(DAY + timedelta(day), series) for day, series in sorted(part)]
    return pl.DataFrame(rows, schema={"date": pl.Date, "series_id": pl.Int64}, orient="row")


@given(parts=parts)
def test_counts_each_date_and_series_once_or_says_that_it_is_unsure(parts):
    count = PointCount()
    for part in parts:
        count.add(as_frame(part))
    unsure = {(day - DAY).days for day in count.unsure}
    assert count.sure == len({point for part in parts for point in part if point[0] not in unsure})


@given(points=st.sets(st.tuples(st.integers(0, 9), st.integers(1, 30))), size=st.integers(1, 20))
def test_is_never_unsure_of_a_file_that_is_sorted_by_date(points, size):
    count = PointCount()
    rows = sorted(points)
    for start in range(0, len(rows), size):
        count.add(as_frame(set(rows[start : start + size])))
    assert not count.unsure
    assert count.sure == len(points)
