"""A combination's key: the same whether asked for one or for many, and never shared by two."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from telemetry.series import list_keys, series_key

values = st.text(alphabet="ab:01é\u2028", max_size=4)
combinations = st.lists(st.tuples(values, values, values), min_size=1, max_size=30, unique=True)


@given(combinations=combinations)
def test_many_keys_at_once_are_the_keys_of_each(combinations):
    frame = pl.DataFrame(combinations, schema=["d1", "d2", "d3"], orient="row")
    keys = list_keys(frame)
    assert keys == [series_key(combination) for combination in combinations]
    assert len(set(keys)) == len(combinations)
