"""Counting before trying: one statement takes a try or refuses it, however many come at once.

In the database, which all processes share: the cache may forget, and be away. It resembles a rate limiter
with fixed windows; telling the one who is refused how near they were is deliberately missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Case, F, QuerySet, Value, When
from django.utils.crypto import salted_hmac

from accounts.models import Counter

# A row that ran out begins anew. No row comes back where the limit is reached: nothing was changed then.
TAKE = """
INSERT INTO "accounts_counter" (kind, who, network, tries, until) VALUES (%s, %s, %s, 1, %s)
ON CONFLICT (kind, who, network) DO UPDATE SET
  tries = CASE WHEN accounts_counter.until <= %s THEN 1 ELSE accounts_counter.tries + 1 END,
  until = CASE WHEN %s OR accounts_counter.until <= %s THEN excluded.until ELSE accounts_counter.until END
WHERE accounts_counter.tries < %s OR accounts_counter.until <= %s
RETURNING tries
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """`times` in `seconds`: from the first try on, or with `renewed` from the last one let through."""

    kind: str
    times: int
    seconds: int
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """Whose tries are counted together."""

    limit: Limit
    who: str = ""
    network: str = ""

    def take(self, *, now: datetime) -> int:
        """The number of this try, from 1 on; 0 where there were as many as the limit allows."""
        until = now + timedelta(seconds=self.limit.seconds)
        adapt = connection.ops.adapt_datetimefield_value
        moment, end = adapt(now), adapt(until)
        with connection.cursor() as cursor:
            cursor.execute(
                TAKE,
                [
                    *(self.limit.kind, self._digest(), self.network, end),
                    *(moment, self.limit.renewed, moment, self.limit.times, moment),
                ],
            )
            row = cursor.fetchone()
        return row[0] if row else 0

    def give_back(self) -> None:
        """The try was none, or a right one: it does not count."""
        one_less = Case(When(tries__gt=0, then=F("tries") - 1), default=Value(0))
        self._find().update(tries=one_less)

    def forget(self) -> int:
        """Begin anew; how many tries there were."""
        counted = sum(self._find().values_list("tries", flat=True))
        self._find().delete()
        return counted

    def find_end(self, *, now: datetime) -> datetime:
        """When tries are let through again."""
        return self._find().values_list("until", flat=True).first() or now

    def _find(self) -> QuerySet[Counter]:
        return Counter.objects.filter(kind=self.limit.kind, who=self._digest(), network=self.network)

    def _digest(self) -> str:
        return digest(self.who)


def digest(who: str) -> str:
    return who and salted_hmac("accounts.counters", who, algorithm="sha256").hexdigest()


def forget_everywhere(limit: Limit, *, who: str) -> int:
    """Begin anew for `who` from every network; how many tries there were."""
    rows = Counter.objects.filter(kind=limit.kind, who=digest(who))
    counted = sum(rows.values_list("tries", flat=True))
    rows.delete()
    return counted


def list_ended(now: datetime) -> QuerySet[Counter]:
    """Counters that would begin anew: nobody is refused by them."""
    return Counter.objects.filter(until__lte=now)
