from __future__ import annotations

from django.contrib import admin

from core.read_only_admin import HistoryAdmin
from ingestion.models import RejectedRow, RunFile, SyncRun


@admin.register(SyncRun)
class SyncRunAdmin(HistoryAdmin):
    list_display = [
        "telemetry",
        "state",
        "trigger",
        "created_at",
        "finished_at",
        "files_read",
        "files_failed",
        "rows_read",
        "rows_rejected",
    ]
    list_filter = ["state", "trigger"]
    list_select_related = ["telemetry"]
    search_fields = ["=telemetry__identifier", "telemetry__account__slug"]


@admin.register(RunFile)
class RunFileAdmin(HistoryAdmin):
    list_display = ["key", "run", "state", "rows_read", "rows_rejected", "message"]
    list_filter = ["state"]
    list_select_related = ["run"]
    search_fields = ["=run__telemetry__identifier", "key"]


@admin.register(RejectedRow)
class RejectedRowAdmin(HistoryAdmin):
    list_display = ["run_file", "row_number", "reason"]
    list_select_related = ["run_file"]
    search_fields = ["=run_file__run__telemetry__identifier", "reason"]
