"""Django admin for our own operators. Blocks of points have a composite primary key, which it does not take:
a telemetry's points are seen on its page, by day, and in its downloads.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast, Left
from django.forms import ModelForm
from django.http import HttpRequest

from audit.admin import AuditedAdmin, keep_for_audit
from core.beginnings import LONGEST_SHOWN
from core.read_only_admin import HistoryAdmin
from telemetry.models import DailyTotal, Dimension, MappingChange, Series, Telemetry
from telemetry.models.drafts import TelemetryDraft


class DimensionInline(admin.TabularInline):
    model = Dimension
    fields = readonly_fields = ["position", "column"]
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Telemetry)
class TelemetryAdmin(AuditedAdmin):
    """Name, description, rejected rows allowed and status can change here. Adding is the wizard's and
    add_telemetry's, deleting the telemetry's own page's, which asks for the identifier and
    removes the data in bulk.
    """

    list_display = ["name", "identifier", "account", "endpoint", "status", "data_through", "last_sync_at"]
    list_filter = ["status"]
    list_select_related = ["account", "endpoint"]
    search_fields = ["name", "identifier", "prefix", "account__name", "account__slug"]
    show_full_result_count = False
    fields = [
        "name",
        "description",
        "max_rejected_percent",
        "status",
        "identifier",
        "account",
        "endpoint",
        "prefix",
        "date_column",
        "date_format",
        "overlap",
        "created_by",
        "created_at",
        "last_sync_at",
        "last_sync_state",
        "data_from",
        "data_through",
    ]
    readonly_fields = fields[4:]
    inlines = [DimensionInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Telemetry, form: ModelForm, change: bool) -> None:
        keep_for_audit(request, obj)
        # What a sync writes meanwhile (data through, last sync) must not be put back.
        obj.save(update_fields=form.changed_data)


@admin.register(Dimension)
class DimensionAdmin(HistoryAdmin):
    list_display = ["column", "position", "telemetry"]
    list_select_related = ["telemetry"]
    search_fields = ["column", "=telemetry__identifier"]


@admin.register(MappingChange)
class MappingChangeAdmin(HistoryAdmin):
    list_display = ["run", "dimensions", "overlap", "keeps_unreadable"]
    list_select_related = ["run__source"]
    search_fields = ["=run__source__identifier"]


@admin.register(Series)
class SeriesAdmin(HistoryAdmin):
    """By the beginning of its values, which may be a megabyte."""

    list_display = ["pk", "beginning", "telemetry"]
    list_select_related = ["telemetry"]
    search_fields = ["=telemetry__identifier"]
    fields = ["telemetry", "key", "beginning"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Series]:
        start = Left(Cast("dimensions", TextField()), LONGEST_SHOWN)
        return super().get_queryset(request).defer("dimensions").annotate(start=start)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Series | None:
        """One that is called by its beginning: its page has its name three times."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.dimensions = [found.start]
        return found

    @admin.display(description="dimensions")
    def beginning(self, series: Series) -> str:
        return series.start


@admin.register(DailyTotal)
class DailyTotalAdmin(HistoryAdmin):
    list_display = ["date", "telemetry", "dimension", "dimension_value", "value"]
    list_select_related = ["telemetry"]
    search_fields = ["=telemetry__identifier"]


@admin.register(TelemetryDraft)
class TelemetryDraftAdmin(AuditedAdmin, HistoryAdmin):
    """What somebody is answering in the wizard; a draft may be deleted, nothing else hangs on it."""

    list_display = ["__str__", "account", "user", "telemetry", "updated_at"]
    list_select_related = ["account", "user", "telemetry"]
    search_fields = ["account__slug", "user__email"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
