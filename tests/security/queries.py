"""Finds the queries of models that belong to an account in the product's source; judges how each begins."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.db.models import Model

from accounts.models import Account, AccountScoped

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = sorted(path.parent.name for path in ROOT.glob("*/apps.py"))
MANAGERS = {"objects", "_default_manager", "_base_manager"}
# What reads no rows, or narrows nothing: the judgement is passed to the next call of the chain.
PASSED_OVER = {"select_related", "prefetch_related", "select_for_update", "order_by", "using"}
WRITES_NEW_ROWS = {"create", "bulk_create", "none"}
NARROWING = {"filter", "get"}
# Ways to the database around a manager.
AROUND = {"raw", "cursor", "chunked_cursor"}


@dataclass(frozen=True, slots=True)
class Query:
    """`where`: file:function, which is how an exception is named; `text`: the beginning of the chain."""

    where: str
    line: int
    text: str
    is_scoped: bool


def list_models() -> list[type]:
    """Every model of the product, and none of a library's."""
    return [model for name in OURS if name != "config" for model in apps.get_app_config(name).get_models()]


def list_sources() -> list[Path]:
    """What runs for a request, a command or a task; not admin (our operators see every account)."""
    return [
        path
        for name in OURS
        if name not in {"config", "demo"}
        for path in sorted((ROOT / name).rglob("*.py"))
        if path.name != "admin.py" and "migrations" not in path.parts
    ]


def list_queries(path: Path, *, source: str | None = None) -> Iterator[Query]:
    """The queries of a file; `source` is its text, where it is not what the file holds."""
    tree = ast.parse(path.read_text(encoding="utf-8") if source is None else source)
    scoped = {model.__name__: model for model in list_models() if issubclass(model, AccountScoped)}
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    place = path.relative_to(ROOT).as_posix()

    def found(node: ast.AST, *, is_scoped: bool) -> Query:
        where = f"{place}:{_function_of(node, parents)}"
        return Query(where, node.lineno, ast.unparse(node)[:100], is_scoped)

    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) and not isinstance(node, ast.Call):
            continue
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS:
            model = scoped.get(ast.unparse(node.value).split(".")[-1])
            if model or node.attr != "objects" or not isinstance(node.value, ast.Name):
                yield found(node, is_scoped=bool(model) and _begins_scoped(node, parents, model))
        elif isinstance(node, ast.Call) and _is_way_around(node, scoped):
            yield found(node, is_scoped=False)


def _begins_scoped(node: ast.AST, parents: dict[ast.AST, ast.AST], model: type[AccountScoped]) -> bool:
    """Whether the chain's first call that matters asks for an account, or for an object in hand."""
    method, call = parents.get(node), parents.get(parents.get(node))
    if not isinstance(method, ast.Attribute) or not isinstance(call, ast.Call) or call.func is not method:
        return False
    if method.attr in PASSED_OVER:
        return _begins_scoped(call, parents, model)
    if method.attr in NARROWING:
        return any(_is_object_in_hand(keyword, model) for keyword in call.keywords)
    return method.attr == "for_account" or method.attr in WRITES_NEW_ROWS


def _is_object_in_hand(keyword: ast.keyword, model: type[AccountScoped]) -> bool:
    """`telemetry=telemetry`, `run_id=run.pk`, `source_file__in=files`, `pk=draft.pk`: by a parent, or itself.

    A parent is what a foreign key leads to. A value that comes straight from a request is neither.
    """
    name = (keyword.arg or "").removesuffix("__in").removesuffix("_id")
    value = ast.unparse(keyword.value)
    if "request" in value:
        return False
    if name == "pk" and isinstance(keyword.value, (ast.ListComp, ast.SetComp)):
        value = ast.unparse(keyword.value.elt)
    return _leads_to_owner(model, name) or (name == "pk" and value.endswith((".pk", "_id", "_pk")))


def _leads_to_owner(model: type[Model], name: str) -> bool:
    """Whether every step of the lookup is a foreign key to what belongs to an account, or to the account."""
    relations = {field.name: field.related_model for field in model._meta.fields}
    step, _, rest = name.partition("__")
    owner = relations.get(step)
    if owner is None or not issubclass(owner, (Account, AccountScoped)):
        return False
    return not rest or _leads_to_owner(owner, rest)


def _is_way_around(call: ast.Call, scoped: dict[str, type]) -> bool:
    if isinstance(call.func, ast.Attribute) and call.func.attr in AROUND:
        return True
    name = ast.unparse(call.func)
    return name in {"get_object_or_404", "get_list_or_404"} and ast.unparse(call.args[0]) in scoped


def _function_of(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str:
    while node in parents:
        node = parents[node]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            return node.name
    return "(module)"
