from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.core.exceptions import ValidationError

from csvfiles.trial import MetricTrial, try_metric
from telemetry.services import MAX_DIMENSIONS
from telemetry.wizard.forms.base import LONGEST_QUOTED, NO_SUCH_COLUMN, StepForm
from telemetry.wizard.sampling import Column
from telemetry.wizard.selectors import find_taken


@dataclass(frozen=True, slots=True)
class Option:
    """A column to choose, with what the sample says against or for it."""

    column: Column
    chosen: bool
    trial: MetricTrial | None = None
    taken_by: str | None = None
    decimal_commas: str | None = None  # why its numbers may be written with them

    @property
    def can_be_used(self) -> bool:
        return self.trial.accepts_all and not self.decimal_commas


class DimensionsForm(StepForm):
    dimensions = forms.MultipleChoiceField(
        label="Dimensions",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": NO_SUCH_COLUMN},
    )

    def set_choices(self) -> None:
        self.fields["dimensions"].choices = self.column_choices(self.state.get("date", "date_column"))

    def clean_dimensions(self) -> list[str]:
        chosen = self.cleaned_data["dimensions"]
        if len(chosen) > MAX_DIMENSIONS:
            raise ValidationError(
                f"You selected {len(chosen)} dimensions. A telemetry takes at most {MAX_DIMENSIONS}: "
                f"deselect {len(chosen) - MAX_DIMENSIONS}."
            )
        in_order = [name for name, _ in self.fields["dimensions"].choices if name in chosen]
        if len(in_order) == len(self.fields["dimensions"].choices):
            raise ValidationError("No column is left for the metric. Deselect the column with the numbers.")
        return in_order

    @property
    def options(self) -> list[Option]:
        chosen = self["dimensions"].value() or []
        date_column = self.state.get("date", "date_column")
        columns = [column for column in self.state.sample.columns if column.name != date_column]
        return [Option(column, column.name in chosen) for column in columns]


class MetricForm(StepForm):
    metric_column = forms.ChoiceField(
        label="Metric column",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the metric column.", "invalid_choice": NO_SUCH_COLUMN},
    )

    def set_choices(self) -> None:
        used = [self.state.get("date", "date_column"), *self.state.get("dimensions", "dimensions", [])]
        self.fields["metric_column"].choices = self.column_choices(*used)

    def clean_metric_column(self) -> str:
        option = next(o for o in self.options if o.column.name == self.cleaned_data["metric_column"])
        if not option.can_be_used:
            raise ValidationError(option.decimal_commas or self._explain(option))
        if option.taken_by:
            raise ValidationError(
                f"{option.column.name} is already the identifier of the telemetry {option.taken_by}. "
                "Choose another column, or give this one another name in the files."
            )
        return option.column.name

    @property
    def chosen(self) -> str:
        """The column that is chosen on the page shown, as far as it can be."""
        return next((option.column.name for option in self.options if option.chosen), "")

    def _explain(self, option: Option) -> str:
        cell, reason = option.trial.first_failure
        failed = option.trial.total - option.trial.accepted
        place, cell = self.state.sample.find(option.column.name, cell).place, cell[:LONGEST_QUOTED]
        return (
            f"{failed:,} of {option.trial.total:,} sampled values of {option.column.name} cannot be used. "
            f"The first is “{cell}” ({place}): {reason}. Choose another column, or correct the files."
        )

    @cached_property
    def options(self) -> list[Option]:
        sample, chosen = self.state.sample, self.shown("metric_column")
        names = [name for name, _ in self.fields["metric_column"].choices]
        taken = find_taken(account=self.state.draft.account, identifiers=names)
        return [
            Option(
                column,
                column.name == chosen,
                try_metric(sample.cells(column.name)),
                taken.get(column.name),
                sample.find_decimal_commas(column.name),
            )
            for column in sample.columns
            if column.name in names
        ]
