"""The fallback of the cache while Redis is unavailable: database rows, so that limits still hold for all
processes.

JSON alone is kept. That is a rule, not a shortcoming: sampled rows of customers' files are none, and cells
that nobody selected never enter the database.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import DatabaseError, transaction
from django.utils import timezone

from standby.models import KeptValue

MAX_BYTES = 64 * 1024  # of a value; what is longer is not kept


class KeptValues(BaseCache):
    """As Django's database cache, but `add` and `incr` count right when many do so at once."""

    def add(
        self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        row = self._make_row(key, value, timeout, version)
        if row is None:
            return False
        KeptValue.objects.filter(key=row.key, expires_at__lte=timezone.now()).delete()
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except DatabaseError:  # it is there; or the transaction may only read
            return False
        return True

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        row = KeptValue.objects.filter(key=self._name(key, version)).first()
        return default if row is None or _is_over(row) else row.value

    def set(
        self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        row = self._make_row(key, value, timeout, version)
        if row is None:
            self.delete(key, version)
            return
        kept = {"value": row.value, "expires_at": row.expires_at}
        KeptValue.objects.update_or_create(key=row.key, defaults=kept)

    def touch(self, key: str, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        rows = KeptValue.objects.filter(key=self._name(key, version))
        return bool(rows.update(expires_at=self._ends_at(timeout)))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(KeptValue.objects.filter(key=self._name(key, version)).delete()[0])

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        with transaction.atomic():
            rows = KeptValue.objects.select_for_update()
            row = rows.filter(key=self._name(key, version)).first()
            if row is None or _is_over(row):
                raise ValueError(f"There is no {key}.")
            row.value = number = row.value + delta
            row.save(update_fields=["value"])
            return int(number)

    def clear(self) -> None:
        KeptValue.objects.all().delete()

    def _make_row(self, key: str, value: Any, timeout: float | None, version: int | None) -> KeptValue | None:
        """None where the value is no JSON, or too long."""
        try:
            if len(json.dumps(value)) > MAX_BYTES:
                return None
        except (TypeError, ValueError):
            return None
        return KeptValue(key=self._name(key, version), value=value, expires_at=self._ends_at(timeout))

    def _name(self, key: str, version: int | None) -> str:
        return self.make_and_validate_key(key, version=version)

    def _ends_at(self, timeout: float | None) -> datetime | None:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None else timezone.now() + timedelta(seconds=seconds)


def forget_expired(*, now: datetime) -> int:
    """Remove what is over; how many."""
    return KeptValue.objects.filter(expires_at__lte=now).delete()[0]


def _is_over(row: KeptValue) -> bool:
    return row.expires_at is not None and row.expires_at <= timezone.now()
