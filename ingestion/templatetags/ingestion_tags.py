"""Runs and sources as pages show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template

from ingestion.counts import describe_files, describe_rows, list_files
from ingestion.freshness import judge_freshness
from ingestion.gaps import Gaps
from ingestion.models import Run, Source
from ingestion.schedule import describe_next_sync

register = template.Library()


@register.inclusion_tag("ingestion/_freshness.html")
def freshness(source: Source, now: datetime, gaps: Gaps | None) -> dict[str, Any]:
    """The badges that say whether a source's numbers can be relied on today, and what they lack."""
    return {"judged": judge_freshness(source=source, now=now), "gaps": gaps}


@register.simple_tag
def freshness_reason(source: Source, now: datetime) -> str:
    """What the badge was judged by."""
    return judge_freshness(source=source, now=now).why


@register.filter
def next_sync(source: Source) -> str:
    """When a source without data is synced by itself."""
    return f"{describe_next_sync(source)}."


@register.filter
def duration(start: datetime, end: datetime) -> str:
    """How long something took: `12 s`, `3 min 5 s`, `2 h 7 min`."""
    minutes, seconds = divmod(max(round((end - start).total_seconds()), 0), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


@register.filter
def files_in_words(run: Run) -> str:
    return describe_files(run)


@register.filter
def rows_in_words(run: Run) -> str:
    return describe_rows(run)


@register.filter
def files_found(run: Run) -> str:
    return list_files(run)
