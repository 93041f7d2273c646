from __future__ import annotations

from functools import cached_property
from typing import Any

from endpoints.storage import S3Object
from telemetry.wizard.forms.base import StepForm
from telemetry.wizard.sampling import Column

PREVIEW_ROWS = 10


class PreviewForm(StepForm):
    """Nothing to fill in: to continue says that these are the right files."""

    def sampled_files(self) -> tuple[S3Object, ...]:
        return self.state.sample.files

    def to_answer(self) -> dict[str, Any]:
        return {"confirmed": True}

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.state.sample.columns

    @cached_property
    def rows(self) -> list[list[str]]:
        """Ten rows of recent dates, as far as one can tell which column is the date."""
        sample = self.state.sample
        chosen = self.state.get("date", "date_column"), self.state.get("date", "date_format")
        column, date_format = chosen if chosen[0] in sample.names else sample.guess_date() or ("", "")
        if column:
            rows = sample.recent_rows(column=column, date_format=date_format, count=PREVIEW_ROWS)
        else:
            rows = sample.rows[:PREVIEW_ROWS]
        return [list(row.cells.values()) for row in rows]
