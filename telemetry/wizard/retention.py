"""Which drafts are kept (commandline/retention.py)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from commandline.retention import register_kept
from telemetry.models.drafts import TelemetryDraft


def list_old_drafts(now: datetime) -> QuerySet[TelemetryDraft]:
    """Unchanged for DRAFT_DAYS, unfinished or used up: no second click comes so late."""
    return TelemetryDraft.objects.filter(updated_at__lt=now - timedelta(days=settings.DRAFT_DAYS))


register_kept("drafts", after="DRAFT_DAYS", find=list_old_drafts)
