from __future__ import annotations

from typing import Any

from django import forms

from ingestion.scope import EVERYTHING, Change, Scope, read_since
from telemetry.models import Telemetry


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

    dimensions = forms.CharField(
        label="Dimensions",
        required=False,
        help_text="The names of up to 10 columns, a line each. The order is that of the download's columns.",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    overlap = forms.ChoiceField(
        label="Where files overlap", choices=Telemetry.Overlap.choices, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, telemetry: Telemetry, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._telemetry = telemetry

    def clean_dimensions(self) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.cleaned_data["dimensions"].splitlines() if line.strip())

    def change(self) -> Change:
        """What is asked for that is not so already."""
        held = tuple(dimension.column for dimension in self._telemetry.dimensions.all())
        dimensions, overlap = self.cleaned_data["dimensions"], self.cleaned_data["overlap"]
        return Change(
            dimensions=None if dimensions == held else dimensions,
            overlap=None if overlap == self._telemetry.overlap else overlap,
        )
