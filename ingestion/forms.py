from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from ingestion.scope import EVERYTHING, Scope, read_since


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


class FilesForm(forms.Form):
    """Which files of a telemetry to list."""

    search = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"})
    )
    state = forms.ChoiceField(required=False, choices=[])

    def __init__(self, *args: Any, states: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        state = cast("forms.ChoiceField", self.fields["state"])
        state.choices = [("", "All states"), *states]
