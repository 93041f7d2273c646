"""Rate limits with fixed windows: one statement counts an attempt or refuses it, also under concurrency.

In the database, which all processes share: the cache may lose keys, or be unavailable. Telling a client how
many attempts are left is deliberately missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Case, F, QuerySet, Value, When
from django.utils.crypto import salted_hmac

from accounts.models import Counter

# An expired row starts again at 1. No row is returned where the limit is reached.
COUNT = """
INSERT INTO "accounts_counter" (kind, who, network, tries, until) VALUES (%s, %s, %s, 1, %s)
ON CONFLICT (kind, who, network) DO UPDATE SET
  tries = CASE WHEN accounts_counter.until <= %s THEN 1 ELSE accounts_counter.tries + 1 END,
  until = CASE WHEN %s OR accounts_counter.until <= %s THEN excluded.until ELSE accounts_counter.until END
WHERE accounts_counter.tries < %s OR accounts_counter.until <= %s
RETURNING tries
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """`times` in `seconds`, from the first attempt, or with `renewed` from the last one allowed."""

    kind: str
    times: int
    seconds: int
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class RateLimiter:
    """Counts the attempts of one person, one network, or both together, up to its limit."""

    limit: Limit
    who: str = ""
    network: str = ""

    def count_attempt(self, *, now: datetime) -> int:
        """The number of this attempt, from 1 on; 0 where the limit is reached."""
        until = now + timedelta(seconds=self.limit.seconds)
        adapt = connection.ops.adapt_datetimefield_value
        moment, end = adapt(now), adapt(until)
        with connection.cursor() as cursor:
            cursor.execute(
                COUNT,
                [
                    *(self.limit.kind, self._digest(), self.network, end),
                    *(moment, self.limit.renewed, moment, self.limit.times, moment),
                ],
            )
            row = cursor.fetchone()
        return row[0] if row else 0

    def give_back(self) -> None:
        """The attempt succeeded, or none was made: it does not count."""
        one_less = Case(When(tries__gt=0, then=F("tries") - 1), default=Value(0))
        self._find().update(tries=one_less)

    def reset(self) -> int:
        """Start again at 0; returns the number of attempts counted so far."""
        counted = sum(self._find().values_list("tries", flat=True))
        self._find().delete()
        return counted

    def get_end(self, *, now: datetime) -> datetime:
        """When attempts are allowed again."""
        return self._find().values_list("until", flat=True).first() or now

    def _find(self) -> QuerySet[Counter]:
        return Counter.objects.filter(kind=self.limit.kind, who=self._digest(), network=self.network)

    def _digest(self) -> str:
        return digest(self.who)


def digest(who: str) -> str:
    return who and salted_hmac("accounts.counters", who, algorithm="sha256").hexdigest()


def reset_in_all_networks(limit: Limit, *, who: str) -> int:
    """Reset the counters of `who` for every network; returns the number of attempts counted so far."""
    rows = Counter.objects.filter(kind=limit.kind, who=digest(who))
    counted = sum(rows.values_list("tries", flat=True))
    rows.delete()
    return counted


def list_expired(now: datetime) -> QuerySet[Counter]:
    """Counters that no longer limit anybody."""
    return Counter.objects.filter(until__lte=now)
