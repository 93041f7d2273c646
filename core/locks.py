"""Row locks, and retrying transactions after a deadlock."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import structlog
from django.db import OperationalError, connection
from django.db.models import QuerySet

TRIES = 4


_BROKEN_OFF = ("40P01", "40001")  # deadlock, and serialization failure: to be tried again


P = ParamSpec("P")


T = TypeVar("T")


log = structlog.get_logger(__name__)


def lock_rows(rows: QuerySet[Any]) -> None:
    """Lock these rows in the order of their ids, whatever the order of an UPDATE."""
    if connection.features.has_select_for_update:
        ids = rows.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True)
        for _ in ids.iterator(chunk_size=10_000):
            pass


def is_deadlock(error: BaseException) -> bool:
    """Whether PostgreSQL has aborted the transaction for another one."""
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", "") in _BROKEN_OFF


def retry_deadlocks(function: Callable[P, T]) -> Callable[P, T]:
    """Retry a transaction that PostgreSQL has aborted for another one. Within another transaction the outer
    one has to be retried.
    """

    @wraps(function)
    def retried(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(TRIES - 1):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or not is_deadlock(error):
                    raise
                log.warning("begun again after a deadlock", function=function.__qualname__)
        return function(*args, **kwargs)

    return retried
