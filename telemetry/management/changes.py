"""What a preview found, in words."""

from __future__ import annotations

from typing import Any

DAYS_WRITTEN = 20  # of the days that would change; the JSON has more


def describe_changes(found: dict[str, Any]) -> list[str]:
    """What a preview of a telemetry found (telemetry.comparing.diff_preview), in words."""
    lines = [
        "This was a dry run: nothing has changed.",
        f"Days: {found['days_added']} added, {found['days_changed']} changed, {found['days_gone']} gone.",
        f"Values: {found['values_added']} added, {found['values_changed']} changed, "
        f"{found['values_gone']} gone.",
        f"Total of the {found['days_compared']} days compared: {found['total_before']} before, "
        f"{found['total_after']} after. "
        f"Points: {found['points_before']} before, {found['points_after']} after.",
    ]
    unreadable = found["unreadable"]
    if unreadable["files"]:
        lines.append(
            f"Files that cannot be read again: {unreadable['files']}, with {unreadable['days']} days; "
            f"first: {', '.join(unreadable['keys'][:3])}."
            + (" To keep them with an empty value: --keep-unreadable" if found["needs_consent"] else "")
        )
    lines += [
        f"  {day['date']}: {day['before'] or 'nothing'} before, {day['after'] or 'nothing'} after (values: "
        f"{day['values_added']} added, {day['values_changed']} changed, {day['values_gone']} gone)"
        for day in found["days"][:DAYS_WRITTEN]
    ]
    more = found["days_added"] + found["days_changed"] + found["days_gone"] - DAYS_WRITTEN
    return [*lines, f"  and {more} days more"] if more > 0 else lines
