from __future__ import annotations

from django.contrib import admin

from core.read_only_admin import HistoryAdmin
from ingestion.models import FileDay, RejectedDay, RejectedRow, Run, RunFile, SourceFile


@admin.register(Run)
class RunAdmin(HistoryAdmin):
    list_display = [
        "source",
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
    list_select_related = ["source"]
    search_fields = ["=source__identifier", "source__account__slug"]


@admin.register(RunFile)
class RunFileAdmin(HistoryAdmin):
    list_display = ["key", "run", "state", "rows_read", "rows_rejected", "message"]
    list_filter = ["state"]
    list_select_related = ["run", "source_file"]
    search_fields = ["=run__source__identifier", "key"]


@admin.register(RejectedRow)
class RejectedRowAdmin(HistoryAdmin):
    list_display = ["run_file", "row_number", "reason"]
    list_select_related = ["run_file"]
    search_fields = ["=run_file__run__source__identifier", "reason"]


@admin.register(SourceFile)
class SourceFileAdmin(HistoryAdmin):
    list_display = ["key", "source", "state", "last_modified", "rows_read", "rows_rejected", "points"]
    list_filter = ["state"]
    list_select_related = ["source"]
    search_fields = ["=source__identifier", "key"]


@admin.register(FileDay)
class FileDayAdmin(HistoryAdmin):
    list_display = ["date", "source", "source_file", "rows", "value"]
    list_select_related = ["source", "source_file"]
    search_fields = ["=source__identifier"]


@admin.register(RejectedDay)
class RejectedDayAdmin(HistoryAdmin):
    list_display = ["date", "source", "source_file", "rows"]
    list_select_related = ["source", "source_file"]
    search_fields = ["=source__identifier"]
