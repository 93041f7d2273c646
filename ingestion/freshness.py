"""Can the numbers of a source be relied on today? One word, from what its last sync left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.dates import spell
from ingestion.datasets import get_dataset
from ingestion.models import Source
from ingestion.newest import get_newest_date
from ingestion.schedule import describe_next_sync

# An export of a day usually arrives in the course of the next one, after that night's sync.
EXPECTED_WITHIN = timedelta(days=2)
# A daily sync with half a day to spare.
SYNC_EXPECTED_WITHIN = timedelta(hours=36)
# As ingestion.finish writes them into `last_sync_state`.
FAILING_STATES = frozenset({"failed", "incomplete"})


@dataclass(frozen=True, slots=True)
class Freshness:
    """`state` is for the badge, `label` for people, `why` says what was looked at."""

    state: str
    label: str
    why: str


def judge_freshness(*, source: Source, now: datetime) -> Freshness:
    """up_to_date, late, failing, never_synced, or not_syncing for an inactive source."""
    if source.status == Source.Status.INACTIVE:
        noun = get_dataset(source.kind).noun
        return Freshness("not_syncing", "Not syncing", f"The {noun} is inactive; its data stays.")
    if source.last_sync_at is None:
        return Freshness("never_synced", "Never synced", f"{describe_next_sync(source)}.")
    if source.last_sync_state in FAILING_STATES:
        some = "failed" if source.last_sync_state == "failed" else "could not read every file"
        return Freshness("failing", "Failing", f"The last sync {some}.")
    if now - source.last_sync_at > SYNC_EXPECTED_WITHIN:
        return Freshness("late", "Late", "There was no sync for more than 36 hours.")
    if source.data_through is None:
        return Freshness("late", "Late", "The last sync found no data.")
    newest = get_newest_date(source=source, today=now.date())
    if newest is None:
        return Freshness("late", "Late", "Every date with data lies after tomorrow.")
    through = f"Data through {spell(newest)} ({_say_when(newest, now.date())})."
    if newest < now.date() - EXPECTED_WITHIN:
        return Freshness("late", "Late", through)
    return Freshness("up_to_date", "Up to date", through)


def _say_when(day: date, today: date) -> str:
    days = (today - day).days
    return {-1: "tomorrow", 0: "today", 1: "yesterday"}.get(days, f"{days:,} days ago")
