from __future__ import annotations

from django.conf import settings

from csvfiles.limits import Limits


def get_limits() -> Limits:
    """What a file may be by the settings, for the wizard's sample as for the sync."""
    return Limits(
        row_bytes=settings.CSV_MAX_ROW_BYTES,
        columns=settings.CSV_MAX_COLUMNS,
        combinations=settings.CSV_MAX_COMBINATIONS,
        dates=settings.CSV_MAX_DATES,
        expanded_bytes=settings.CSV_MAX_UNPACKED_BYTES,
        expansion=settings.CSV_MAX_UNPACK_RATIO,
        totals_a_day=settings.DAILY_TOTALS_MAX_VALUES,
        rejects_kept=settings.MAX_REJECTED_ROWS_KEPT,
    )
