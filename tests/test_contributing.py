"""CONTRIBUTING.md is held to the tree: each file that it names is there, and has what stands in brackets."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# The ten changes for which a newcomer must find the file, and a few more.
CHANGES = (
    "A seventh date format",
    "Another kind of file (xlsx), another packing (zstd)",
    "A new kind of source",
    "A warning",
    "A check of Test Endpoint",
    "A role",
    "A column in the table of telemetries",
    "Which file wins",
    "Another store (GCS)",
    "When a sync is due",
    "A setting",
)
NAMED = re.findall(r"`([\w./]+/[\w.]*)`(?:\s*\(((?:[^()]*`\w+`[^()]*)+)\))?", TEXT)
SYMBOLS = [
    (path, symbol)
    for path, inside in NAMED
    for symbol in re.findall(r"`(\w+)`", inside)
    if path.endswith(".py")
]


def list_symbols(path: Path) -> set[str]:
    """Names that a module defines, and the methods of its classes."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_every_change_has_its_checklist():
    assert re.findall(r"^## (.+)$", TEXT, re.MULTILINE) == list(CHANGES)


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED}))
def test_what_it_names_exists(path):
    assert (ROOT / path).exists()


def test_it_names_files_and_what_to_look_for_in_them():
    assert len(SYMBOLS) > 15


@pytest.mark.parametrize(("path", "symbol"), SYMBOLS)
def test_what_it_says_is_in_a_file_is_there(path, symbol):
    assert symbol in list_symbols(ROOT / path)
