from __future__ import annotations

from typing import cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.models import User
from audit.admin import AuditedAdmin
from endpoints.forms import ConnectionRules
from endpoints.models import S3Endpoint, new_external_id
from endpoints.services import CONNECTION_FIELDS, check_location_unchanged, forget_test


class S3EndpointForm(ConnectionRules, forms.ModelForm):
    def _post_clean(self) -> None:
        """Once the instance has what was typed."""
        super()._post_clean()  # type: ignore[misc]  # Django's hook, which its stubs do not name
        if self.instance.pk and not self.errors:
            try:
                check_location_unchanged(self.instance)
            except ValidationError as problem:
                self.add_error(None, problem)


@admin.register(S3Endpoint)
class S3EndpointAdmin(AuditedAdmin):
    """The external ID is made by us and fixed; so is the account, once the endpoint exists."""

    form = S3EndpointForm
    list_display = ["name", "account", "bucket", "path_prefix", "region", "test_state", "tested_at"]
    list_filter = ["test_state", "region"]
    list_select_related = ["account"]
    search_fields = ["name", "bucket", "role_arn", "account__name", "account__slug"]
    fields = [
        "account",
        "name",
        "description",
        "role_arn",
        "external_id",
        "bucket",
        "path_prefix",
        "region",
        "test_state",
        "tested_at",
        "created_by",
        "created_at",
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: S3Endpoint | None = None) -> list[str]:
        fixed = ["external_id", "test_state", "tested_at", "created_by", "created_at"]
        return fixed if obj is None else ["account", *fixed]

    def save_model(self, request: HttpRequest, obj: S3Endpoint, form: forms.ModelForm, change: bool) -> None:
        if not change:
            obj.external_id = new_external_id()
            obj.created_by = cast("User", request.user)
        elif set(form.changed_data) & set(CONNECTION_FIELDS):
            forget_test(obj)
        super().save_model(request, obj, form, change)
