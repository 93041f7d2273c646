"""Django admin writes to the log as services do; the log itself can be read there, and nothing else."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest

from audit.models import Entry
from audit.services import record
from audit.snapshots import Audited, Values, take_snapshot


class _KeepingRequest(HttpRequest):
    audit_before: Values  # what was stored of the object that is about to change


class AuditedAdmin(admin.ModelAdmin):
    """The base of every page of Django admin that changes something: each change is an entry.

    The model says by `audited` which fields the log may hold, and by `audit_kind` what it is called there.
    """

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        if change:
            keep_for_audit(request, obj)
        super().save_model(request, obj, form, change)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self.record("created", obj, after=take_snapshot(obj))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Called once relations are saved too."""
        self.record(
            "changed", obj, before=cast("_KeepingRequest", request).audit_before, after=take_snapshot(obj)
        )
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Called before they are deleted."""
        for obj in queryset:
            self.record("deleted", obj, before=take_snapshot(obj))
        return super().log_deletions(request, queryset)

    def save_formset(
        self, request: HttpRequest, form: ModelForm, formset: BaseModelFormSet, change: bool
    ) -> None:
        touched = [inline.instance for inline in formset.initial_forms if inline.has_changed()]
        stored = {id(obj): _read_stored(obj) for obj in touched}
        super().save_formset(request, form, formset, change)
        for obj in formset.new_objects:
            self.record("created", obj, after=take_snapshot(obj))
        for obj, _fields in formset.changed_objects:
            self.record("changed", obj, before=stored[id(obj)], after=take_snapshot(obj))
        for obj in formset.deleted_objects:
            self.record("deleted", obj, before=stored[id(obj)])

    def record(
        self, what: str, obj: Model, *, before: Values | None = None, after: Values | None = None
    ) -> None:
        """An entry in the log of the object's account."""
        action = f"{cast('Audited', obj).audit_kind}.{what}"
        record(action, account=getattr(obj, "account", None), target=obj, before=before, after=after)


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    """Entries of all accounts, and of none, such as failed sign-ins."""

    list_display = ["at", "actor", "action", "object_name", "account_id", "via", "address"]
    list_filter = ["via", "action"]
    search_fields = ["actor", "object_name", "=account_id"]
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


def keep_for_audit(request: HttpRequest, obj: Model) -> None:
    """What is stored of an object that is about to change; on the request: a ModelAdmin serves many."""
    cast("_KeepingRequest", request).audit_before = _read_stored(obj)


def _read_stored(obj: Model) -> Values:
    return take_snapshot(type(obj)._base_manager.get(pk=obj.pk))
