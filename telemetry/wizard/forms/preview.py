from __future__ import annotations

from functools import cached_property
from typing import Any

from endpoints.storage import S3Object
from telemetry.wizard.forms.base import StepForm

PREVIEW_ROWS = 10


class PreviewForm(StepForm):
    """Nothing to fill in: to continue says that these are the right files."""

    def set_choices(self) -> None:
        self.sample = self.state.sample

    def sampled_files(self) -> tuple[S3Object, ...]:
        return self.sample.files

    def to_answer(self) -> dict[str, Any]:
        return {"confirmed": True}

    @cached_property
    def rows(self) -> list[list[str]]:
        """Ten rows of recent dates, as far as one can tell which column is the date."""
        sample = self.sample
        column, date_format = self._find_date()
        if column:
            rows = sample.recent_rows(column=column, date_format=date_format, count=PREVIEW_ROWS)
        else:
            rows = sample.rows[:PREVIEW_ROWS]
        return [list(row.cells.values()) for row in rows]

    def _find_date(self) -> tuple[str, str]:
        """The column and format answered, or what they seem to be; nothing where that is in doubt."""
        chosen = self.state.get("date", "date_column"), self.state.get("date", "date_format")
        if chosen[0] in self.sample.names:
            return chosen
        column, dates = self.sample.guess_date() or ("", None)
        return (column, dates.date_format) if dates and not dates.question else ("", "")
