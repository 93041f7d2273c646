"""What a preview of another mapping shows."""

from __future__ import annotations

from django import template

from ingestion.models import Run
from telemetry import mapping_changes

register = template.Library()


@register.filter
def reason_not_to_apply(run: Run) -> str:
    """Why a preview that has ended has no Apply; empty where it has one."""
    return mapping_changes.reason_not_to_apply(run)
