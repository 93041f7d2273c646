"""How often something may be asked for, counted in the cache: what is lost with it is a little patience."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from django.core.cache import cache


def allow(what: str, who: str, *, times: int, seconds: int, now: datetime) -> bool:
    """Whether `who` may do `what` once more: `times` in each window of `seconds`. Counts this time."""
    window = int(now.timestamp()) // seconds
    key = f"throttle:{what}:{window}:{sha256(who.lower().encode()).hexdigest()}"
    if cache.add(key, 1, seconds):
        return True
    try:
        count = cache.incr(key)
    except ValueError:  # it ran out between the two
        return True
    cache.touch(key, seconds)  # the file cache's incr forgets when it was to end
    return count <= times
