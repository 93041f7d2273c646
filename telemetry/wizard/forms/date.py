from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms

from csvfiles.dates import DATE_FORMATS
from csvfiles.day_first import is_day_first
from csvfiles.readings import ColumnDates
from csvfiles.rules import has_time_of_day, reason_against_date
from csvfiles.trial import FormatTrial
from telemetry.wizard.forms import date_order
from telemetry.wizard.forms.base import LONGEST_QUOTED, NO_SUCH_COLUMN, StepForm


class DateForm(StepForm):
    """Which column and which format; and where every row is a date with the day first too, what is meant."""

    date_column = forms.ChoiceField(
        label="Date column",
        error_messages={"required": "Choose the date column.", "invalid_choice": NO_SUCH_COLUMN},
    )
    date_format = forms.ChoiceField(
        label="Date format",
        choices=[("", "Choose a format"), *((name, name) for name in DATE_FORMATS)],
        error_messages={"required": "Choose the date format."},
    )
    date_order = forms.ChoiceField(widget=forms.RadioSelect)

    def set_choices(self) -> None:
        self.fields["date_column"].choices = [("", "Choose a column"), *self.column_choices()]
        if "date_column" not in self.initial:
            column, dates = self.state.sample.guess_date() or ("", None)
            self.initial |= {"date_column": column, "date_format": dates and dates.suggestion}
        self._set_question()

    def _set_question(self) -> None:
        if self.dates.question is None:
            del self.fields["date_order"]
            return
        field, text = self.fields["date_order"], date_order.ask(self.dates.question)
        field.label = text
        field.choices = [(option.value, option.label) for option in self.order_options]
        field.error_messages |= dict.fromkeys(("required", "invalid_choice"), f"Answer the question: {text}")

    def clean(self) -> dict[str, Any]:
        column, date_format = self.cleaned_data.get("date_column"), self.cleaned_data.get("date_format")
        if column and date_format:
            trial = next(trial for trial in self.dates.trials if trial.date_format == date_format)
            if not trial.parses_all:
                self.add_error("date_format", self._explain(column, trial))
        if self.cleaned_data.get("date_order", "").startswith(date_order.DAY_FIRST):
            self.add_error("date_order", date_order.explain_day_first(self.dates.question.day_first))
        return self.cleaned_data

    def _explain(self, column: str, trial: FormatTrial) -> str:
        cell = trial.first_failure
        failed = trial.total - trial.parsed
        place = self.state.sample.find(column, cell).place
        text = (
            f"{failed:,} of {trial.total:,} sampled rows of {column} are not in the format "
            f"{trial.date_format}. The first is “{cell[:LONGEST_QUOTED]}” ({place})."
        )
        if self.dates.suggestion:
            return f"{text} The format {self.dates.suggestion} fits every row."
        if is_day_first(cell, trial.date_format):
            return f"{text} {date_order.explain_failure(cell, trial.date_format)}"
        if has_time_of_day(cell):
            return f"{text} There {reason_against_date(cell, trial.date_format)}."
        return f"{text} Choose another column or format, or correct the files."

    @cached_property
    def dates(self) -> ColumnDates:
        """What the column shown comes to as dates; without trials while none is."""
        column = self.shown("date_column")
        if column not in self.state.sample.names:
            return ColumnDates(trials=[])
        return self.state.sample.read_dates(column)

    @property
    def order_options(self) -> list[date_order.Option]:
        return date_order.list_options(self.dates.question, column=self.shown("date_column"))

    @property
    def latest_late(self) -> dict[str, str] | None:
        """The newest date after its file's own time, if there is one: its cell, and where it stands."""
        reading = self.dates.reading
        if reading is None or reading.latest_late is None:
            return None
        _, cell = reading.latest_late
        return {"cell": cell, "place": self.state.sample.find(self.shown("date_column"), cell).place}

    @property
    def time_of_day(self) -> str | None:
        """What to do where no format fits since the cells are moments."""
        cells = self.state.sample.cells(self.shown("date_column"))
        moment = next((cell for cell in cells if has_time_of_day(cell)), None)
        return reason_against_date(moment, self.dates.trials[0].date_format) if moment else None
