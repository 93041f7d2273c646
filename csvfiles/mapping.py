from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which columns are the date, the dimensions (in order) and the metric, by their names in the header."""

    date_column: str
    date_format: str  # a key of csvfiles.dates.DATE_FORMATS
    dimensions: tuple[str, ...]
    metric_column: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The mapped columns: date, dimensions, metric."""
        return (self.date_column, *self.dimensions, self.metric_column)
