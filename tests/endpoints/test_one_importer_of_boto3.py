"""Only endpoints/storage.py may import AWS's SDK: one place to look at when credentials are the question."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAY = {Path("endpoints/storage.py")}
ELSEWHERE = {"tests", "bench", ".venv", "node_modules", "var", "static"}


def imported_names(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_nothing_but_storage_imports_the_sdk():
    sources = [
        path.relative_to(ROOT)
        for path in ROOT.rglob("*.py")
        if path.relative_to(ROOT).parts[0] not in ELSEWHERE
    ]
    importers = {
        path for path in sources if imported_names(ROOT / path) & {"boto3", "botocore", "s3transfer"}
    }
    assert importers - {path for path in sources if path.is_relative_to("demo/standin")} == MAY
