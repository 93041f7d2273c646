"""Every route of the resolver, and the table of who may do what with it (access.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

TABLE = Path(__file__).with_name("access.md")
GROUP = re.compile(r"^- `{(\w+)}`: ((?:.+\n)(?:  .+\n)*)", re.MULTILINE)
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Route:
    """`name` with its namespace, or the pattern where the route has no name."""

    name: str
    pattern: str
    parameters: frozenset[str]

    def url(self, values: dict[str, Any]) -> str:
        if self.name == self.pattern:
            return "/" + PARAMETER.sub(lambda found: str(values[found[1]]), self.pattern)
        return reverse(self.name, kwargs={name: values[name] for name in self.parameters})


def list_routes() -> list[Route]:
    return list(_walk(get_resolver(), "", (), frozenset()))


def _walk(
    resolver: URLResolver, prefix: str, namespaces: tuple[str, ...], parameters: frozenset[str]
) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        found = parameters | set(entry.pattern.converters) | set(entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from _walk(entry, pattern, inner, found)
        elif isinstance(entry, URLPattern):
            name = ":".join((*namespaces, entry.name)) if entry.name else pattern
            yield Route(name, pattern, found)


def read_table() -> dict[tuple[str, str], dict[str, str]]:
    """(route, method) -> {person: what is expected}, from the tables of access.md."""
    text = TABLE.read_text(encoding="utf-8")
    groups = {name: listed.replace(",", " ").split() for name, listed in GROUP.findall(text)}
    rows: dict[tuple[str, str], dict[str, str]] = {}
    people: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip(" `") for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or set(line) <= set("|- "):
            continue
        if cells[0] == "route":
            people = cells[2:]
            continue
        expected = dict(zip(people, cells[2:], strict=True))
        for key in product(_expand(cells[0], groups), cells[1].split(", ")):
            assert key not in rows, f"{key} stands in the table twice"
            rows[key] = expected
    return rows


def _expand(route: str, groups: dict[str, list[str]]) -> list[str]:
    """The routes that a row speaks of: `{group}` stands for each of its models."""
    found = re.search(r"{(\w+)}", route)
    if found is None:
        return [route]
    models = groups[found[1]]
    if "/" in route:  # without a name: the address has a slash where the name has a line
        models = [model.replace("_", "/", 1) for model in models]
    return [route.replace(found[0], model) for model in models]
