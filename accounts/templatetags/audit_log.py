"""Entries of the audit log in words."""

from __future__ import annotations

from typing import Any

from django import template

from accounts.audit_forms import name_action
from audit.models import Entry

register = template.Library()


@register.filter
def action_name(action: str) -> str:
    """An action of the audit log in words."""
    return name_action(action)


@register.filter
def changes(entry: Entry) -> list[tuple[str, str, str]]:
    """(field, before, after) of an audit entry, in words; empty for no value."""
    fields = dict.fromkeys([*entry.before, *entry.after])
    pairs = [(name, _in_words(entry.before.get(name)), _in_words(entry.after.get(name))) for name in fields]
    return [(name.replace("_", " "), old, new) for name, old, new in pairs if old or new]


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
