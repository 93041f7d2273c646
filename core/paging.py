"""Pages of lists that may be very long."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

MOST_COUNTED = 10_000


class CappedPaginator(Paginator):
    """Pages through the first 10,000 rows: counting millions would take longer than reading a page.

    `is_capped`: there are more. Filters and downloads lead to them.
    """

    @cached_property
    def count(self) -> int:
        return min(self._count_one_more, MOST_COUNTED)

    @property
    def is_capped(self) -> bool:
        return self._count_one_more > MOST_COUNTED

    @cached_property
    def _count_one_more(self) -> int:
        some = self.object_list[: MOST_COUNTED + 1]
        return some.count() if isinstance(some, QuerySet) else len(some)


def paginate(rows: QuerySet | Sequence, *, number: str | None, each: int) -> Page:
    """The page of that number, as it stands in the address; the nearest one where there is none."""
    return CappedPaginator(rows, each).get_page(number)
