from __future__ import annotations

from typing import Any

from django import forms

from ingestion.columns import KnownColumn, explain_unknown, list_known_columns
from ingestion.scope import EVERYTHING, Change, Scope, read_since
from telemetry.models import Telemetry
from telemetry.selectors import list_dimensions


class ReimportForm(forms.Form):
    """Which files to read again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from"] = forms.DateField(  # `from` cannot be a Python attribute
            label="From",
            required=False,
            help_text="Only files that hold this date or a later one; empty for every file. A file is read "
            "as a whole, earlier dates included.",
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            error_messages={"invalid": "From: give a date such as 2026-01-31."},
        )

    def scope(self) -> Scope:
        day = self.cleaned_data["from"]
        return read_since(day) if day else EVERYTHING


class ChangeForm(forms.Form):
    """Other dimensions, another overlap rule."""

    dimensions = forms.MultipleChoiceField(
        label="Dimensions",
        required=False,
        help_text="The columns that the files have. Select up to 10.",
        widget=forms.CheckboxSelectMultiple,
    )
    overlap = forms.ChoiceField(
        label="Where files overlap", choices=Telemetry.Overlap.choices, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, telemetry: Telemetry, **kwargs: Any) -> None:
        held = tuple(list_dimensions(telemetry=telemetry))
        kwargs["initial"] = {"dimensions": held, "overlap": telemetry.overlap}
        super().__init__(*args, **kwargs)
        self._telemetry, self._held = telemetry, held
        self._columns = list_known_columns(telemetry=telemetry)
        self.fields["dimensions"].choices = [(column.name, _describe(column)) for column in self._columns]

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and self.has_error("dimensions", "invalid_choice"):
            known = [column.name for column in self._columns]
            unknown = [name for name in self["dimensions"].value() if name not in known]
            self._errors["dimensions"] = self.error_class([explain_unknown(unknown, known)])

    def clean_dimensions(self) -> tuple[str, ...]:
        """In the order that they have; new ones behind them, as the header has them."""
        chosen = self.cleaned_data["dimensions"]
        return tuple(column.name for column in self._columns if column.name in chosen)

    def change(self) -> Change:
        """What is asked for that is not so already."""
        dimensions, overlap = self.cleaned_data["dimensions"], self.cleaned_data["overlap"]
        return Change(
            dimensions=None if dimensions == self._held else dimensions,
            overlap=None if overlap == self._telemetry.overlap else overlap,
        )


def _describe(column: KnownColumn) -> str:
    if not column.is_in_some:
        return column.name
    return f"{column.name} (in {column.files:,} of the {column.of:,} newest files)"
