"""Rate limits for mails that one person can have sent to another."""

from __future__ import annotations

from datetime import datetime

from accounts.counters import Limit, RateLimiter


def allow(what: str, who: str, *, times: int, seconds: int, now: datetime) -> bool:
    """Count the attempt; returns whether `who` may do `what`: `times` in `seconds` from the first one.

    `who` is normalised: an address by `accounts.addresses`, a network by `audit.addresses.name_network`.
    """
    return RateLimiter(Limit(what, times, seconds), who=who).count_attempt(now=now) > 0
