from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from endpoints.models import S3Endpoint
from endpoints.storage import ListDenied, StorageError
from telemetry.wizard.forms.base import StepForm
from telemetry.wizard.listing import Listing, list_files
from telemetry.wizard.selectors import list_endpoints


class EndpointChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: S3Endpoint) -> str:
        path = obj.full_prefix("")
        return f"{obj.name} (s3://{obj.bucket}/{path})"


class SourceForm(StepForm):
    endpoint = EndpointChoice(
        label="S3 endpoint",
        queryset=S3Endpoint.objects.none(),
        to_field_name="public_id",
        empty_label="Choose an endpoint",
        error_messages={"required": "Choose an S3 endpoint.", "invalid_choice": "Choose an S3 endpoint."},
    )
    prefix = forms.CharField(
        label="Prefix",
        max_length=900,
        help_text=(
            "What the keys of this telemetry's files begin with, below the endpoint's path prefix. "
            "For example usage/daily/"
        ),
        error_messages={"required": "Enter the prefix of your CSV files, for example usage/daily/"},
    )
    name = forms.CharField(
        label="Telemetry name",
        max_length=200,
        help_text="The name that people see. You can change it later.",
        error_messages={"required": "Enter a telemetry name, for example API requests."},
    )

    def set_choices(self) -> None:
        endpoints = list_endpoints(account=self.state.draft.account)
        self.fields["endpoint"].queryset = endpoints
        if "endpoint" not in self.initial and len(endpoints) == 1:
            self.initial["endpoint"] = str(endpoints[0].public_id)

    def clean_prefix(self) -> str:
        prefix = self.cleaned_data["prefix"]
        if _adds_nothing(self.cleaned_data.get("endpoint"), prefix):
            raise ValidationError(self.fields["prefix"].error_messages["required"])
        return prefix

    def clean(self) -> dict[str, Any]:
        if "endpoint" in self.cleaned_data and "prefix" in self.cleaned_data:
            if self.storage_problem:
                denied = isinstance(self.storage_problem, ListDenied)
                self.add_error("prefix" if denied else "endpoint", str(self.storage_problem))
            elif self.listing.reason_to_stop:
                self.add_error("prefix", self.listing.reason_to_stop)
        return self.cleaned_data

    @cached_property
    def _look(self) -> Listing | StorageError | None:
        try:
            endpoint = self.fields["endpoint"].clean(self.shown("endpoint"))
            prefix = self.fields["prefix"].clean(self.shown("prefix"))
        except ValidationError:
            return None
        if _adds_nothing(endpoint, prefix):
            return None
        try:
            return list_files(endpoint=endpoint, prefix=prefix)
        except StorageError as problem:
            return problem

    @property
    def listing(self) -> Listing | None:
        """The files under the prefix shown; None while there is nothing to look for, or after a problem."""
        return self._look if isinstance(self._look, Listing) else None

    @property
    def storage_problem(self) -> StorageError | None:
        return self._look if isinstance(self._look, StorageError) else None

    def to_answer(self) -> dict[str, Any]:
        return {**self.cleaned_data, "endpoint": str(self.cleaned_data["endpoint"].public_id)}


def _adds_nothing(endpoint: S3Endpoint | None, prefix: str) -> bool:
    """Whether it is a slash alone that the endpoint's path prefix has at its end."""
    if endpoint is None:
        return not prefix.strip("/")
    return endpoint.full_prefix(prefix) == endpoint.full_prefix("")
