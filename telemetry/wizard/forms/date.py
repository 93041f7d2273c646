from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms

from csvfiles.dates import DATE_FORMATS
from csvfiles.rules import has_time_of_day, reason_against_date
from csvfiles.trial import FormatTrial, try_date_formats
from telemetry.wizard.forms.base import NO_SUCH_COLUMN, StepForm
from telemetry.wizard.sampling import suggest_format


class DateForm(StepForm):
    date_column = forms.ChoiceField(
        label="Date column",
        error_messages={"required": "Choose the date column.", "invalid_choice": NO_SUCH_COLUMN},
    )
    date_format = forms.ChoiceField(
        label="Date format",
        choices=[("", "Choose a format"), *((name, name) for name in DATE_FORMATS)],
        error_messages={"required": "Choose the date format."},
    )

    def set_choices(self) -> None:
        self.fields["date_column"].choices = [("", "Choose a column"), *self.column_choices()]
        if "date_column" not in self.initial:
            guess = self.state.sample.guess_date()
            self.initial["date_column"], self.initial["date_format"] = guess or ("", "")

    def clean(self) -> dict[str, Any]:
        column, date_format = self.cleaned_data.get("date_column"), self.cleaned_data.get("date_format")
        if column and date_format:
            trial = next(trial for trial in self.trials if trial.date_format == date_format)
            if not trial.parses_all:
                self.add_error("date_format", self._explain(column, trial))
        return self.cleaned_data

    def _explain(self, column: str, trial: FormatTrial) -> str:
        place = self.state.sample.find(column, trial.first_failure).place
        failed = trial.total - trial.parsed
        text = (
            f"{failed:,} of {trial.total:,} sampled rows of {column} are not in the format "
            f"{trial.date_format}. The first is “{trial.first_failure}” ({place})."
        )
        if self.suggestion:
            return f"{text} The format {self.suggestion} fits every row."
        if has_time_of_day(trial.first_failure):
            return f"{text} There {reason_against_date(trial.first_failure, trial.date_format)}."
        return f"{text} Choose another column or format, or correct the files."

    @cached_property
    def trials(self) -> list[FormatTrial]:
        """What each format makes of the column shown; empty while none is."""
        column = self.shown("date_column")
        names = self.state.sample.names
        return try_date_formats(self.state.sample.cells(column)) if column in names else []

    @property
    def suggestion(self) -> str | None:
        return suggest_format(self.state.sample.cells(self.shown("date_column"))) if self.trials else None

    @property
    def time_of_day(self) -> str | None:
        """What to do where no format fits since the cells are moments."""
        cells = self.state.sample.cells(self.shown("date_column"))
        moment = next((cell for cell in cells if has_time_of_day(cell)), None)
        return reason_against_date(moment, self.trials[0].date_format) if moment else None

    @property
    def looser(self) -> list[str]:
        """Formats that fit every row as well as the suggested one."""
        return [t.date_format for t in self.trials if t.parses_all and t.date_format != self.suggestion]
