from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.core.exceptions import ValidationError


class AuditForm(forms.Form):
    """Filters of the audit log, all optional."""

    is_filter = True

    person = forms.CharField(label="Who", required=False, max_length=254)
    action = forms.ChoiceField(
        label="Action", required=False, error_messages={"invalid_choice": "Choose one of the actions."}
    )
    thing = forms.CharField(label="What", required=False, max_length=254)
    date_from = forms.DateField(
        label="From (UTC)", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    date_to = forms.DateField(
        label="To (UTC)", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: object, actions: Sequence[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        named = [(action, name_action(action)) for action in actions]
        self.fields["action"].choices = [("", "All actions"), *named]

    def clean(self) -> dict[str, object]:
        begin, end = self.cleaned_data.get("date_from"), self.cleaned_data.get("date_to")
        if begin and end and begin > end:
            raise ValidationError({"date_to": "The last day is before the first."})
        return self.cleaned_data


def name_action(action: str) -> str:
    """ "endpoint.created" in words."""
    return action.replace(".", " ").replace("_", " ").capitalize()
