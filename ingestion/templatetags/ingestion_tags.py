"""What a telemetry's page shows of its runs, so that telemetry imports nothing of ingestion."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.template import RequestContext

from ingestion import scope
from ingestion.counts import describe_files, describe_rows, list_files
from ingestion.models import SyncRun
from ingestion.problems import find_last_problem
from ingestion.selectors import count_rejected_rows, get_active_run, list_rejected_rows, list_runs
from telemetry.models import Telemetry
from telemetry.selectors import list_mapped_columns

register = template.Library()

RECENT_RUNS = 5
REJECTED_ROWS = 10


@register.inclusion_tag("ingestion/_recent_runs.html")
def recent_runs(telemetry: Telemetry) -> dict[str, Any]:
    """The newest runs of a telemetry with their counts."""
    return {
        "telemetry": telemetry,
        "runs": list_runs(telemetry=telemetry).defer("warnings", "comparison", "scope_keys", "message")[
            :RECENT_RUNS
        ],
    }


@register.inclusion_tag("ingestion/_current_rejects.html")
def current_rejects(telemetry: Telemetry) -> dict[str, Any]:
    """The first rejected rows of the files that count now, and how many there are."""
    return {
        "telemetry": telemetry,
        "columns": list_mapped_columns(telemetry=telemetry),
        "rows": list_rejected_rows(telemetry=telemetry)[:REJECTED_ROWS],
        "total": count_rejected_rows(telemetry=telemetry),
    }


@register.filter
def reason_not_to_apply(run: SyncRun) -> str:
    """Why a preview that has ended has no Apply; empty where it has one."""
    return scope.reason_not_to_apply(run)


@register.filter
def listed(names: Sequence[str]) -> str:
    """`environment`, `environment and region`, `environment, region and team`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


@register.filter
def duration(start: datetime, end: datetime) -> str:
    """How long something took: `12 s`, `3 min 5 s`, `2 h 7 min`."""
    minutes, seconds = divmod(max(round((end - start).total_seconds()), 0), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


@register.inclusion_tag("ingestion/_last_problem.html", takes_context=True)
def last_problem(context: RequestContext, telemetry: Telemetry) -> dict[str, Any]:
    """Why the last sync left the telemetry failing, with what to do; nothing where it did not."""
    run, problem = find_last_problem(telemetry=telemetry) or (None, None)
    return {
        "telemetry": telemetry,
        "run": run,
        "problem": problem,
        "is_syncing": get_active_run(telemetry=telemetry) if run else None,
        "can": context["can"],
        "request": context["request"],
    }


@register.simple_tag
def active_run(telemetry: Telemetry) -> SyncRun | None:
    """The run that is queued or going on: while there is one, no other can be asked for."""
    return get_active_run(telemetry=telemetry)


@register.simple_tag
def has_rejected_rows(telemetry: Telemetry) -> bool:
    """Whether reading files with rejected rows again would read anything."""
    return count_rejected_rows(telemetry=telemetry) > 0


@register.filter
def files_in_words(run: SyncRun) -> str:
    return describe_files(run)


@register.filter
def rows_in_words(run: SyncRun) -> str:
    return describe_rows(run)


@register.filter
def files_found(run: SyncRun) -> str:
    return list_files(run)
