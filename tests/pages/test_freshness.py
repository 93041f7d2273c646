from __future__ import annotations

from datetime import date, timedelta

import pytest

from ingestion.freshness import judge_freshness
from telemetry.models import Telemetry
from tests.pages.rows import NOON

TODAY = NOON.date()
FINE = {
    "status": "active",
    "last_sync_at": NOON,
    "last_sync_state": "succeeded",
    "data_through": TODAY - timedelta(days=1),
}


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "up_to_date"),
        ({"data_through": TODAY - timedelta(days=2)}, "up_to_date"),
        ({"last_sync_state": "succeeded_with_rejects"}, "up_to_date"),
        ({"data_through": TODAY - timedelta(days=3)}, "late"),
        ({"data_through": None}, "late"),
        ({"last_sync_at": NOON - timedelta(hours=37)}, "late"),
        ({"last_sync_state": "incomplete"}, "failing"),
        ({"last_sync_state": "failed", "data_through": None}, "failing"),
        ({"last_sync_at": None, "last_sync_state": "", "data_through": None}, "never_synced"),
        ({"status": "inactive", "data_through": date(2020, 1, 1)}, "not_syncing"),
    ],
)
def test_freshness_follows_from_the_last_sync_and_the_newest_date(changed, state):
    assert judge_freshness(source=Telemetry(kind="telemetry", **(FINE | changed)), now=NOON).state == state
