"""Too many rejected rows: a file that is mostly noise must not take the place of the good one before it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from telemetry.models import Telemetry


class TooManyRejected(Exception):
    """More of a file's rows were rejected than its telemetry allows; the text says how many, and why."""


def check_rejects(*, telemetry: Telemetry, rows_read: int, reasons: Mapping[str, int]) -> None:
    """`reasons`: rejected rows of a whole file by reason. Raises TooManyRejected."""
    allowed, rejected = telemetry.max_rejected_percent, sum(reasons.values())
    if allowed is None or rejected * 100 <= allowed * rows_read:
        return
    reason, rows = max(reasons.items(), key=lambda item: item[1])
    raise TooManyRejected(
        f"{rejected:,} of {rows_read:,} rows were rejected: {_format_share(rejected, rows_read)} %, and this "
        f"telemetry allows {allowed.normalize():f} %. Most often ({rows:,}): {reason}. Correct the file, or "
        "allow more rejected rows on the telemetry's edit page; it is read again by the next sync."
    )


def _format_share(part: int, whole: int) -> str:
    """Percent with two decimals, but never rounded to 0 or 100 that it is not."""
    share = Decimal(part) * 100 / whole
    return f"{min(max(share, Decimal('0.01')), Decimal('99.99') if part < whole else share):.2f}"
