from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms

from telemetry.columns import KnownColumn, explain_unknown, list_known_columns
from telemetry.mapping_changes import Change
from telemetry.models import Dimension, Telemetry
from telemetry.selectors import list_dimensions

LONGEST_RANGE = timedelta(days=3660)


class RangeForm(forms.Form):
    """`from`, `to` (both optional, both included) and `by`, the column of a dimension."""

    def __init__(self, *args: Any, dimensions: Iterable[Dimension] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dimensions = {dimension.column: dimension for dimension in dimensions}
        day = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        for name, label in (("from", "From"), ("to", "To")):  # `from` cannot be a Python attribute
            self.fields[name] = forms.DateField(
                label=label,
                required=False,
                widget=day,
                error_messages={"invalid": f"{label}: give a date such as 2026-01-31."},
            )
        if self._dimensions:
            self.fields["by"] = forms.ChoiceField(
                label="Stacked by",
                required=False,
                choices=[("", "Nothing"), *((column, column) for column in self._dimensions)],
            )

    def clean(self) -> dict[str, Any]:
        answers = super().clean()
        first, last = answers.get("from"), answers.get("to")
        if first and last and first > last:
            self.add_error("to", "The range ends before it begins. Choose a later date.")
        elif first and last and last - first > LONGEST_RANGE:
            self.add_error("to", "The range is longer than ten years. Choose an earlier date.")
        return answers

    def bounds(self) -> tuple[date | None, date | None]:
        """(from, to); None where nothing valid is given."""
        return (None, None) if self.errors else (self.cleaned_data["from"], self.cleaned_data["to"])

    def show(self, date_from: date, date_to: date) -> None:
        """Fill in the ends that were left open with those in force."""
        self.data = self.data.copy()
        for name, day in (("from", date_from), ("to", date_to)):
            self.data[name] = self.data.get(name) or day.isoformat()

    def dimension(self) -> Dimension | None:
        return None if self.errors else self._dimensions.get(self.cleaned_data.get("by", ""))


class RejectedShareField(forms.DecimalField):
    """The share of a file's rows, in percent, that may be rejected before the file fails as a whole."""

    def __init__(self) -> None:
        super().__init__(
            label="Rejected rows allowed (%)",
            required=False,
            min_value=0,
            max_value=100,
            max_digits=5,
            decimal_places=2,
            error_messages=dict.fromkeys(
                ("invalid", "min_value", "max_value", "max_digits", "max_decimal_places"),
                "Rejected rows allowed: enter a share from 0 to 100, or leave it empty.",
            ),
            help_text="A file with a larger share of rejected rows fails as a whole, and its earlier data "
            "stays. Empty: no file fails for its rejected rows.",
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        )


class EditForm(forms.Form):
    """What of a telemetry can change: its name, its description, and before the first sync its dimensions."""

    name = forms.CharField(
        label="Telemetry name",
        max_length=Telemetry._meta.get_field("name").max_length,
        error_messages={"required": "Enter a telemetry name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        label="Description",
        max_length=Telemetry._meta.get_field("description").max_length,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    max_rejected_percent = RejectedShareField()

    def __init__(
        self,
        *args: Any,
        held: Sequence[str] = (),
        columns: Sequence[str] | None = None,
        names_typed: bool = False,
        **kwargs: Any,
    ) -> None:
        """`columns`: those to choose dimensions from, beside the `held` ones; None: they cannot change.

        `names_typed`: no file can be read yet, so the names are typed.
        """
        super().__init__(*args, **kwargs)
        self._held, self._names_typed = list(held), names_typed
        if columns is None:
            return
        if names_typed:
            self.fields["dimensions"] = TypedDimensions()
            self.initial["dimensions"] = "\n".join(held)
            return
        self._order = list(dict.fromkeys([*held, *columns]))
        self.fields["dimensions"] = DimensionsField([(name, name) for name in self._order])
        self.fields["dimensions_shown"] = forms.CharField(
            required=False, initial="yes", widget=forms.HiddenInput
        )
        self.initial["dimensions"] = list(held)

    def clean(self) -> dict[str, Any]:
        """`dimensions`: a list; None where the page that was sent did not ask for them."""
        answers = super().clean()
        shown = answers.pop("dimensions_shown", "") or (self._names_typed and "dimensions" in self.data)
        chosen = answers.get("dimensions", [])
        if "dimensions" not in self.fields or not shown:
            answers["dimensions"] = None
        elif self._names_typed:
            answers["dimensions"] = [line.strip() for line in chosen.splitlines() if line.strip()]
        else:
            answers["dimensions"] = [name for name in self._order if name in chosen]
        return answers


class DimensionsField(forms.MultipleChoiceField):
    """Dimensions of a telemetry that was never synced, from the columns of its newest files."""

    def __init__(self, choices: list[tuple[str, str]]) -> None:
        super().__init__(
            label="Dimensions",
            required=False,
            choices=choices,
            help_text="The columns that the newest files have. Select up to 10. They can change freely until "
            "the first sync.",
            widget=forms.CheckboxSelectMultiple,
            error_messages={"invalid_choice": "Unknown column “%(value)s”: the newest files do not have it."},
        )


class TypedDimensions(forms.CharField):
    """The same while there is no file to read column names from."""

    def __init__(self) -> None:
        super().__init__(
            label="Dimensions",
            max_length=10 * 202,  # ten names of a column's greatest length, a line each
            required=False,
            help_text="No file could be read for its columns, so enter the names of up to 10 columns, a line "
            "each. They can change freely until the first sync.",
            widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        )


class DeleteForm(forms.Form):
    """Deleting takes the identifier, typed: nobody deletes years of data by a slip of the hand."""

    identifier = forms.CharField(
        label="Identifier",
        max_length=Telemetry._meta.get_field("identifier").max_length,
        strip=False,
        error_messages={"required": "Type the identifier to delete the telemetry."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


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
            telemetry=self._telemetry,
            dimensions=None if dimensions == self._held else dimensions,
            overlap=None if overlap == self._telemetry.overlap else overlap,
        )


def _describe(column: KnownColumn) -> str:
    if not column.is_in_some:
        return column.name
    return f"{column.name} (in {column.files:,} of the {column.of:,} newest files)"
