"""How many dates and series a file holds, although a large file comes in parts that may share some."""

from __future__ import annotations

from datetime import date

import polars as pl

from csvfiles.adding import count_by_day


class PointCount:
    """Counts part by part; only for a date that parts share in no order the database has to be asked.

    Files are mostly sorted by date: then parts share the last date of one and the first of the next alone.
    """

    def __init__(self) -> None:
        self._by_day: dict[date, int] = {}
        self._last_day: date | None = None
        self._last_ids = pl.Series([], dtype=pl.Int64)
        self.unsure: set[date] = set()  # dates whose points cannot be told from here

    def add(self, points: pl.DataFrame) -> None:
        """A part: `date` and `series_id`, each pair once, sorted by date."""
        if points.is_empty():
            return
        for day, count in count_by_day(points["date"]).items():
            if day == self._last_day:
                self._last_ids = pl.concat([self._last_ids, _ids_of(points, day)]).unique()
                self._by_day[day] = self._last_ids.len()
            elif day in self._by_day:
                self.unsure.add(day)
            else:
                self._by_day[day] = count
        last = points["date"][-1]
        if last != self._last_day:
            self._last_day, self._last_ids = last, _ids_of(points, last)

    @property
    def sure(self) -> int:
        """How many there are on all other dates."""
        return sum(count for day, count in self._by_day.items() if day not in self.unsure)


def _ids_of(points: pl.DataFrame, day: date) -> pl.Series:
    return points.filter(pl.col("date") == day)["series_id"]
