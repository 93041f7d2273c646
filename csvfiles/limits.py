from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may be, so that no file takes more memory than another."""

    row_bytes: int = 1_048_576  # a row with all its cells, quoted line breaks included
    columns: int = 2_000
    combinations: int = 1_000_000  # different combinations of dimension values in one file
    combinations_shared: int = 100_000  # most that one file hands on to the next
    dates: int = 36_525  # different ones in one file: a hundred years
    expanded_bytes: int = 200 * 2**30  # of a gzip file, read out
    expansion: int = 500  # times of a gzip file's own bytes; deflate can reach 1,032
    expanded_freely: int = 64 * 2**20  # before the expansion is looked at
    values_kept: int = 100_000  # different values of a dimension; beyond them no totals are kept by them
    totals_kept: int = 1_000_000  # totals by a dimension's values and dates; beyond them none are kept
    totals_a_day: int = 1_000  # by a dimension's values; a date with more of them has none
    total_value: int = 1_000  # characters of a value that has totals; a date with a longer one has none
    rejects_kept: int = 10_000  # with their cells; all are counted
    reject_cell: int = 1_000  # characters kept of a rejected row's cell
    block_bytes: int = 2 * 2**20  # read and split at a time
    batch_points: int = 125_000  # added up at a time


DEFAULT_LIMITS = Limits()
