"""Pagination of lists that may be very long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

MAX_COUNTED = 10_000


class CappedPaginator(Paginator):
    """Pages through the first 10,000 rows: counting millions would take longer than reading a page.

    `is_capped`: there are more, reached by filters and downloads.
    """

    @cached_property
    def count(self) -> int:
        return min(self._count_one_more, MAX_COUNTED)

    @property
    def is_capped(self) -> bool:
        return self._count_one_more > MAX_COUNTED

    @cached_property
    def _count_one_more(self) -> int:
        some = self.object_list[: MAX_COUNTED + 1]
        return some.count() if isinstance(some, QuerySet) else len(some)


def paginate(rows: QuerySet[Any] | Sequence[Any], *, number: str | None, each: int) -> Page[Any]:
    """The page of that number, as given in the URL; the nearest one where it does not exist."""
    return CappedPaginator(rows, each).get_page(number)
