"""Reports stale names in comments, docstrings and documents: `python -m deploy.find_stale_names`.

Checks dotted names of our packages, paths of files and numbers of decisions. Exits 1 where one is missing.
Hand-written: Sphinx resolves its own markup, link checkers resolve links, and neither reads a comment.
Names are resolved from the syntax tree, without an import.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import product
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# Folders and documents that are not looked into, each with its reason beside it.
SKIPPED: tuple[str, ...] = ()
DOCUMENTS = {".py", ".md", ".html", ".toml"}
NOT_OURS = {"chart.js"}  # an npm package
DOCUMENT_NAMES = {"Makefile", ".importlinter", ".env.example"}
DECISIONS = "docs/decisions/"
FOREIGN = re.compile(r"(https?|s3)://\S+|[\w.+-]+@[\w.-]+")  # addresses
FILE = re.compile(r"(?<![\w./<%$~*-])(?:[\w{},-]+/)*[\w{},-]+(?:\.[\w-]+)*\.(?:py|md|html|js|toml)\b(?![/(])")
FOLDER = re.compile(r"(?<![\w./<%$~*{}-])((?:[a-z_]+/)+[a-z_]+)/?(?![\w/*{<-]|\.\w)")
DECISION = re.compile(r"\bdecisions?(?:/| )((?:\d{4}(?:, | and )?)+)", re.IGNORECASE)
HTML_COMMENT = re.compile(r"\{#.*?#\}|\{% comment.*?endcomment %\}|<!--.*?-->", re.DOTALL)
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Tree:
    """The files below `root`, by their paths, and the names in our modules."""

    def __init__(self, root: Path, paths: Sequence[str]) -> None:
        self.root = root
        self.paths = set(paths)
        self._modules: dict[str, ast.Module] = {}

    @cached_property
    def folders(self) -> set[str]:
        return {str(parent) for path in self.paths for parent in PurePosixPath(path).parents}

    @cached_property
    def packages(self) -> set[str]:
        return {path.split("/")[0] for path in self.paths if path.endswith(".py") and "/" in path}

    @cached_property
    def texts(self) -> set[str]:
        """String constants of the code: permissions, tasks and labels are dotted names too."""
        return {
            node.value
            for path in self.paths
            if path.endswith(".py")
            for node in ast.walk(self.parse(path))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def parse(self, path: str) -> ast.Module:
        if path not in self._modules:
            self._modules[path] = ast.parse(self.read(path))
        return self._modules[path]

    def has_name(self, name: str) -> bool:
        """Whether `package.module.Class.attribute`, or a beginning of it, exists."""
        parts = name.split(".")
        for end in range(len(parts), 0, -1):
            stem = "/".join(parts[:end])
            path = next((p for p in (f"{stem}.py", f"{stem}/__init__.py") if p in self.paths), None)
            if path or stem in self.folders:
                body = self.parse(path).body if path else []
                return self._has_attribute(body, parts[end:]) or name in self.texts or self._has_model(parts)
        return False

    def _has_model(self, parts: Sequence[str]) -> bool:
        """Whether the name is Django's label of a model: `accounts.User` for `accounts.models.User`."""
        return (
            len(parts) > 1
            and parts[1][0].isupper()
            and self.has_name(".".join([parts[0], "models", *parts[1:]]))
        )

    def _has_attribute(self, body: Sequence[ast.stmt], parts: Sequence[str]) -> bool:
        if not parts:
            return True
        found = [node for node in list_definitions(body) if parts[0] in list_names(node)]
        classes = [node for node in found if isinstance(node, ast.ClassDef)]
        if len(parts) == 1 or not classes:  # of what is no class the attributes are not known
            return bool(found)
        return any(node.bases or self._has_attribute(node.body, parts[1:]) for node in classes)

    def has_file(self, name: str, document: str) -> bool:
        """Whether the path exists below the root, a folder around the document, or the templates."""
        around = [str(parent) for parent in PurePosixPath(document).parents]
        places = ["", *(f"{folder}/" for folder in around if folder != "."), "templates/", "static/"]
        if any(place + name in self.paths for place in places):
            return True
        whole = "." if "/" not in document or document.startswith("docs/") else document.split("/")[0]
        return any(path.endswith("/" + name) and is_below(path, whole) for path in self.paths)

    def is_missing_folder(self, name: str, document: str) -> bool:
        """Whether the path begins with a package of ours and leads nowhere."""
        around = f"{PurePosixPath(document).parent}/{name}"
        return name.split("/")[0] in self.packages and not {name, around} & self.folders

    def has_decision(self, number: str) -> bool:
        return any(path.startswith(f"{DECISIONS}{number}-") for path in self.paths)


def is_below(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")


def list_definitions(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module or class, with those in its `if`, `try` and `with` blocks."""
    for node in body:
        yield node
        if not isinstance(node, Definition):
            for field in ("body", "orelse", "handlers", "finalbody"):
                yield from list_definitions(getattr(node, field, []))


def list_names(node: ast.stmt) -> set[str]:
    """The names that a statement binds."""
    if isinstance(node, Definition):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return {
        name.id for target in targets if target for name in ast.walk(target) if isinstance(name, ast.Name)
    }


def list_prose(tree: Tree, path: str) -> Iterator[tuple[int, str]]:
    """(line number, line) of what people read in the file."""
    text = tree.read(path)
    if path.endswith(".py"):
        yield from _list_comments(text)
        yield from _list_docstrings(tree.parse(path))
    elif path.endswith(".html"):
        for match in HTML_COMMENT.finditer(text):
            yield from _number(match[0], text.count("\n", 0, match.start()) + 1)
    else:
        yield from _number(text, 1)


def find_stale(tree: Tree, path: str) -> Iterator[str]:
    """`file:line: name` for each stale name in the file."""
    dotted = re.compile(rf"(?<![\w./-])(?:{'|'.join(sorted(tree.packages))})(?:\.[A-Za-z_]\w*)+(?![\w/])")
    for number, line in sorted(list_prose(tree, path)):
        prose = FOREIGN.sub(" ", line)
        files = [name for match in FILE.finditer(prose) for name in expand_braces(match[0])]
        stale = [name for name in files if name not in NOT_OURS and not tree.has_file(name, path)]
        rest = FILE.sub(" ", prose)
        stale += [name for name in FOLDER.findall(rest) if tree.is_missing_folder(name, path)]
        stale += [match[0] for match in dotted.finditer(rest) if not tree.has_name(match[0])]
        stale += [
            f"decision {number}" for number in _list_decisions(prose, path) if not tree.has_decision(number)
        ]
        yield from (f"{path}:{number}: {name}" for name in stale)


def find_all_stale(root: Path, paths: Sequence[str], skipped: Iterable[str] = SKIPPED) -> list[str]:
    tree = Tree(root, paths)
    documents = [
        path
        for path in paths
        if (PurePosixPath(path).suffix in DOCUMENTS or PurePosixPath(path).name in DOCUMENT_NAMES)
        and not path.startswith(tuple(skipped))
    ]
    return [stale for path in sorted(documents) for stale in find_stale(tree, path)]


def expand_braces(name: str) -> list[str]:
    """The paths that a path with shell braces stands for."""
    parts = re.split(r"\{([^{}]*)\}", name)
    choices = [part.split(",") if index % 2 else [part] for index, part in enumerate(parts)]
    return ["".join(choice) for choice in product(*choices)]


def list_tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    return [path for path in done.stdout.split("\0") if path and (ROOT / path).is_file()]


def _list_decisions(prose: str, path: str) -> list[str]:
    """The numbers of decisions; among the decisions themselves a number stands alone."""
    if path.startswith(DECISIONS):
        return re.findall(r"\b00\d\d\b", prose)
    return [number for match in DECISION.finditer(prose) for number in re.findall(r"\d{4}", match[1])]


def _list_comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _list_docstrings(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        if isinstance(node, Definition | ast.Module) and ast.get_docstring(node, clean=False):
            statement: Any = node.body[0]
            yield from _number(statement.value.value, statement.value.lineno)


def _number(text: str, first: int) -> Iterator[tuple[int, str]]:
    return enumerate(text.splitlines(), start=first)


if __name__ == "__main__":
    found = find_all_stale(ROOT, list_tracked())
    print("\n".join(found) or "No stale names.")  # noqa: T201 (what a person ran it for)
    sys.exit(bool(found))
