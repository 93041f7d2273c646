"""Numbers, column heads and badges as the pages of telemetries show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.conf import settings

from telemetry.freshness import judge_freshness
from telemetry.gaps import Gaps
from telemetry.models import Telemetry

register = template.Library()


@register.inclusion_tag("telemetry/_freshness.html")
def freshness(telemetry: Telemetry, now: datetime, gaps: Gaps | None) -> dict[str, Any]:
    """The badges that say whether a telemetry's numbers can be relied on today, and what they lack."""
    return {"judged": judge_freshness(telemetry=telemetry, now=now), "gaps": gaps}


@register.simple_tag
def freshness_reason(telemetry: Telemetry, now: datetime) -> str:
    """What the badge was judged by."""
    return judge_freshness(telemetry=telemetry, now=now).why


@register.simple_tag
def next_sync(telemetry: Telemetry) -> str:
    """When a telemetry without data is synced by itself."""
    which = "First" if telemetry.last_sync_at is None else "Next"
    return f"{which} sync at {settings.DAILY_SYNC_TIME:%H:%M} UTC."
