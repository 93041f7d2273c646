"""The lock of a telemetry is its source's (ingestion.locks has the order of all locks)."""

from __future__ import annotations

from telemetry.models import Telemetry


def lock_telemetry(telemetry_id: int) -> Telemetry:
    """The telemetry as it is stored, until the end of this transaction."""
    return Telemetry.objects.select_for_update(no_key=True, of=("source",)).get(pk=telemetry_id)
