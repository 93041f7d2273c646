from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from endpoints.models import S3Endpoint
from endpoints.storage import ListDenied, StorageError
from telemetry.models import Telemetry
from telemetry.wizard.forms.base import StepForm
from telemetry.wizard.listing import Listing, list_files, list_folders
from telemetry.wizard.prefix import Prefix, drop_own_prefix, list_other_readers, understand_prefix
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
            "What the keys of this telemetry's files begin with, below the endpoint's path prefix: for "
            "example usage/daily/. An address such as s3://bucket/usage/daily/ is understood, too."
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
        endpoint = self.cleaned_data.get("endpoint")
        if endpoint is None:
            if not prefix.strip("/"):
                raise ValidationError(self.fields["prefix"].error_messages["required"])
            return prefix
        return self._understand(endpoint, prefix).text

    def clean(self) -> dict[str, Any]:
        if "endpoint" in self.cleaned_data and "prefix" in self.cleaned_data:
            if self.storage_problem:
                denied = isinstance(self.storage_problem, ListDenied)
                self.add_error("prefix" if denied else "endpoint", str(self.storage_problem))
            elif self.listing.reason_to_stop:
                self.add_error("prefix", self.listing.reason_to_stop)
            else:
                self.cleaned_data["prefix"] = self.prefix_read.text
        return self.cleaned_data

    def to_answer(self) -> dict[str, Any]:
        return {**self.cleaned_data, "endpoint": str(self.cleaned_data["endpoint"].public_id)}

    def list_typed(self) -> dict[str, Any]:
        """What to keep of a step that is not passed: nothing without a name, or a prefix with files."""
        typed: dict[str, Any] = {}
        for question in ("name", "prefix"):
            with suppress(ValidationError):  # a prefix is kept also where nothing is under it
                typed[question] = self.fields[question].clean(self.shown(question))
        if "name" not in typed and "prefix" not in self.cleaned_data:
            return {}
        if self.endpoint_shown is not None:
            typed["endpoint"] = str(self.endpoint_shown.public_id)
        return typed

    @property
    def note(self) -> str:
        """How the prefix was made of what was typed; empty where it is what was typed."""
        return self.prefix_read.note if self.prefix_read else ""

    @property
    def prefix_read(self) -> Prefix | None:
        """The prefix that is shown, as it is understood; None while there is none."""
        return self._found.prefix if self._found else None

    @property
    def prefix_problem(self) -> str:
        """Why what is shown cannot be a prefix of this endpoint, before anybody has continued with it."""
        return self._misunderstood if self._found is None and not self.is_bound else ""

    @property
    def listing(self) -> Listing | None:
        """The files under the prefix shown; None while there is nothing to look for, or after a problem."""
        return self._found.listing if self._found else None

    @property
    def storage_problem(self) -> StorageError | None:
        return self._found.problem if self._found else None

    @property
    def folders(self) -> list[str]:
        """What one can choose below the prefix shown, or at the endpoint's root: prefixes to enter."""
        return self._folders if isinstance(self._folders, list) else []

    @property
    def folders_problem(self) -> StorageError | None:
        """Why the endpoint cannot be looked into, known before a prefix is entered."""
        return self._folders if isinstance(self._folders, StorageError) else None

    @cached_property
    def _folders(self) -> list[str] | StorageError:
        if self.endpoint_shown is None or self.storage_problem or self._misunderstood:
            return []
        prefix = self.prefix_read.text if self.prefix_read else ""
        try:
            found = list_folders(endpoint=self.endpoint_shown, prefix=prefix)
        except StorageError as problem:
            return problem
        return [folder for folder in found if folder != prefix]

    @cached_property
    def other_readers(self) -> list[Telemetry]:
        """The telemetries that read some of these files already."""
        if self.prefix_read is None:
            return []
        return list_other_readers(endpoint=self.endpoint_shown, prefix=self.prefix_read.text)

    @cached_property
    def endpoint_shown(self) -> S3Endpoint | None:
        try:
            return self.fields["endpoint"].clean(self.shown("endpoint"))
        except ValidationError:
            return None

    @cached_property
    def _found(self) -> _Found | None:
        endpoint = self.endpoint_shown
        try:
            typed = self.fields["prefix"].clean(self.shown("prefix"))
            if endpoint is None:
                return None
            return _look(endpoint, self._understand(endpoint, typed))
        except ValidationError:
            return None

    @cached_property
    def _misunderstood(self) -> str:
        endpoint, typed = self.endpoint_shown, self.shown("prefix").strip()
        if endpoint is None or not typed:
            return ""
        try:
            self._understand(endpoint, typed)
        except ValidationError as error:
            return " ".join(error.messages)
        return ""

    def _understand(self, endpoint: S3Endpoint, typed: str) -> Prefix:
        """Raises ValidationError, also for nothing more than the endpoint's path prefix has."""
        prefix = understand_prefix(endpoint=endpoint, typed=typed)
        if endpoint.full_prefix(prefix.text) == endpoint.full_prefix(""):
            raise ValidationError(self.fields["prefix"].error_messages["required"])
        return prefix


@dataclass(frozen=True, slots=True)
class _Found:
    """What is under a prefix, or why nobody can tell."""

    prefix: Prefix
    listing: Listing | None = None
    problem: StorageError | None = None


def _look(endpoint: S3Endpoint, prefix: Prefix) -> _Found:
    try:
        listing = list_files(endpoint=endpoint, prefix=prefix.text)
        shorter = drop_own_prefix(endpoint=endpoint, typed=prefix.text)
        if listing.matched or shorter is None or not shorter.text:
            return _Found(prefix, listing)
        below = list_files(endpoint=endpoint, prefix=shorter.text)
        return _Found(shorter, below) if below.matched else _Found(prefix, listing)
    except StorageError as problem:
        return _Found(prefix, problem=problem)
