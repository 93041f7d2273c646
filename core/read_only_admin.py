"""Read-only pages of Django admin."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from core.paging import CappedPaginator


class HistoryAdmin(admin.ModelAdmin):
    """History: never added to, changed or deleted."""

    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50
    ordering = ["-pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
