"""Numbers, dates and long texts as pages show them, and headers of sortable columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import template
from django.template import RequestContext

from core.beginnings import LONGEST_SHOWN, Beginning

register = template.Library()


@register.filter
def exact(value: Decimal | int | None) -> str:
    """Every digit, with thousands separators and without trailing zeros: `1,234.5`."""
    if value is None:
        return "–"
    text = format(value, ",f") if isinstance(value, Decimal) else format(value, ",")
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def exact_text(value: str | None) -> str:
    """A decimal stored as text, as `exact` shows it."""
    return exact(None if value is None else Decimal(value))


@register.filter
def read_day(text: str) -> date:
    """A date stored as ISO 8601 text."""
    return date.fromisoformat(text)


@register.filter
def beginning(text: str | None) -> Beginning:
    """The part of a text that `components/beginning.html` shows."""
    return Beginning((text or "")[:LONGEST_SHOWN], len(text or ""))


@register.filter
def lookup(values: dict[Any, Any], key: object) -> Any:
    """`values[key]`, None where there is none."""
    return values.get(key)


@register.filter
def as_json(value: dict[str, Any]) -> str:
    """JSON as text of the page, escaped as any text."""
    return json.dumps(value)


@register.inclusion_tag("components/sort_head.html", takes_context=True)
def sort_head(context: RequestContext, name: str, label: str, under: str = "") -> dict[str, Any]:
    """A column header that sorts by the column, and toggles the direction.

    `under`: what stands under the value in the column's cells.
    """
    current = context["filter"].sorted_by
    order = {name: "ascending", f"-{name}": "descending"}.get(current)
    query = context["request"].GET.copy()
    query.pop("page", None)
    query["sort"] = f"-{name}" if current == name else name
    return {"name": name, "label": label, "under": under, "order": order, "url": f"?{query.urlencode()}"}


@register.filter
def listed(names: Sequence[str]) -> str:
    """`environment`, `environment and region`, `environment, region and team`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
