"""The range and grouping that a reader has chosen, kept from page to page of a telemetry."""

from __future__ import annotations

from django.http import QueryDict

HANDED_ON = ("from", "to", "by", "page")


def keep_range(query: QueryDict) -> str:
    """`?from=…&to=…&by=…` of what the query says of these, or nothing."""
    kept = QueryDict(mutable=True)
    kept.update({name: query[name] for name in HANDED_ON if query.get(name)})
    return f"?{kept.urlencode()}" if kept else ""
