"""How often something may be asked for: mails that somebody can have sent to others."""

from __future__ import annotations

from datetime import datetime

from accounts.counters import Limit, Slot


def allow(what: str, who: str, *, times: int, seconds: int, now: datetime) -> bool:
    """Whether `who` may do `what` once more: `times` in `seconds` from the first on. Counts this time.

    `who` in its normal form: an address by `accounts.addresses`, a place by `audit.addresses.name_network`.
    """
    return Slot(Limit(what, times, seconds), who=who).take(now=now) > 0
