from __future__ import annotations

from copy import copy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Account
from endpoints.models import S3Endpoint
from endpoints.services import CONNECTION_FIELDS
from endpoints.validators import clean_connection

# The documents for AWS follow what is typed: htmx posts the form and takes nothing but the documents from the
# page that answers. Without JavaScript the button "Update policies" does the same.
FOLLOWED_BY_DOCUMENTS = {
    "hx-post": "",
    "hx-vals": '{"action": "policies"}',
    "hx-trigger": "input changed delay:400ms",
    "hx-sync": "closest form:queue last",
    "hx-swap": "none",
    "hx-select-oob": "#copy-trust-policy,#copy-inline-policy,#copy-cloudformation-template,#copy-terraform"
    ",#copy-kms-policy,#copy-key-policy-statement",
}
VERBATIM = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class ConnectionRules:
    """Validates the fields of a connection by AWS's rules, in any form that has them."""

    cleaned_data: dict[str, Any]

    def clean(self) -> dict[str, Any]:
        super().clean()  # type: ignore[misc]
        given = {name: self.cleaned_data[name] for name in CONNECTION_FIELDS if name in self.cleaned_data}
        try:
            self.cleaned_data.update(clean_connection(**given))
        except ValidationError as error:
            self.add_error(None, error)  # type: ignore[attr-defined]
        return self.cleaned_data


class EndpointForm(ConnectionRules, forms.Form):
    """The endpoint's details, in the words and the order of the reference document."""

    name = forms.CharField(
        label="Endpoint Name",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter a name, by which people here will know the endpoint."},
    )
    description = forms.CharField(
        label="Description",
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    role_arn = forms.CharField(
        label="Role ARN",
        max_length=2048,
        help_text="From the role's page in AWS IAM, such as arn:aws:iam::123456789012:role/ExampleRole.",
        widget=forms.TextInput(attrs=VERBATIM),
        error_messages={"required": "Enter the ARN of the role that you created in AWS."},
    )
    bucket = forms.CharField(
        label="Bucket Name",
        max_length=2048,
        help_text="The name alone, as the S3 console lists it.",
        widget=forms.TextInput(attrs=VERBATIM),
        error_messages={"required": "Enter the name of the bucket with the CSV files."},
    )
    path_prefix = forms.CharField(
        label="S3 Path Prefix",
        max_length=900,
        required=False,
        help_text=(
            "The folder path within the bucket, such as exports/usage. Empty: the whole bucket. "
            "A slash at its beginning is part of it."
        ),
        widget=forms.TextInput(attrs=VERBATIM),
    )
    region = forms.CharField(
        label="Region",
        max_length=100,
        help_text="The bucket's region, such as us-east-1. The S3 console shows it beside the bucket's name.",
        widget=forms.TextInput(attrs={**VERBATIM, "list": "regions"}),
        error_messages={"required": "Enter the bucket's region, such as us-east-1."},
    )

    @classmethod
    def showing(cls, endpoint: S3Endpoint) -> EndpointForm:
        """The form filled in from an existing endpoint."""
        return cls(initial={name: getattr(endpoint, name) for name in EndpointForm.base_fields})

    def __init__(self, *args: Any, name_required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name_required = name_required

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and not self.name_required:  # a connection can be tested before it has a name
            self.errors.pop("name", None)
            self.cleaned_data.setdefault("name", "")

    def changed_endpoint(self, endpoint: S3Endpoint) -> S3Endpoint:
        """The endpoint as it would be, for a test before the change is saved."""
        changed = copy(endpoint)
        for name in CONNECTION_FIELDS:
            setattr(changed, name, self.cleaned_data[name])
        return changed


class NewEndpointForm(EndpointForm):
    """Adds the two choices that come first, and the external ID that the page showed.

    The external ID is only compared with the one that this session holds: what a browser sends is never used.
    """

    source = forms.ChoiceField(
        label="Endpoint type", choices=[("s3", "Amazon S3")], initial="s3", widget=forms.RadioSelect
    )
    access = forms.ChoiceField(
        label="Bucket Access",
        choices=[("read_only", "Read Only")],
        initial="read_only",
        widget=forms.RadioSelect,
    )
    shown_external_id = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, external_id: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.external_id = external_id
        self.initial["shown_external_id"] = external_id  # whatever a page showed before
        for name in ("bucket", "path_prefix", "region"):
            self.fields[name].widget.attrs.update(FOLLOWED_BY_DOCUMENTS)

    def shows_another_external_id(self) -> bool:
        """Whether the page is older than the session's external ID, and so showed another one."""
        return str(self.data.get("shown_external_id", "")) != self.external_id

    def endpoint_fields(self) -> dict[str, str]:
        """What services.create_endpoint takes."""
        return {name: self.cleaned_data[name] for name in EndpointForm.base_fields}

    def unsaved_endpoint(self, *, account: Account) -> S3Endpoint:
        """The endpoint as it would be, for a test before it is added."""
        return S3Endpoint(account=account, external_id=self.external_id, **self.endpoint_fields())
