"""SECURITY.md is held to the tests that it names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
CHAPTERS = re.findall(r"^\| V(\d+) ([^|]+) \| ([^|]+) \|([^|\n]*)\|$", TEXT, flags=re.MULTILINE)
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)*)`", TEXT)))


def find(body: list[ast.stmt], names: list[str]) -> bool:
    """Whether the names, one inside the other, are defined there."""
    if not names:
        return True
    inside = [node for node in body if getattr(node, "name", None) == names[0]]
    return any(find(getattr(node, "body", []), names[1:]) for node in inside)


def test_every_chapter_of_asvs_5_is_there() -> None:
    assert [int(number) for number, *_ in CHAPTERS] == list(range(1, 18))


@pytest.mark.parametrize(("number", "name", "how", "tests"), CHAPTERS)
def test_every_chapter_names_a_test(number: str, name: str, how: str, tests: str) -> None:
    assert re.search(r"`tests/", tests) or how == "there is none", name


@pytest.mark.parametrize("named", NAMED)
def test_every_test_that_is_named_exists(named: str) -> None:
    path, *names = named.split("::")
    assert find(ast.parse((ROOT / path).read_text(encoding="utf-8")).body, names)


@pytest.mark.parametrize(
    "part",
    [
        "Reporting a vulnerability",
        "Assets",
        "Trust boundaries",
        "Guarantees",
        "Out of scope",
    ],
)
def test_the_threat_model_has_its_parts(part: str) -> None:
    assert f"## {part}" in TEXT


def test_the_readme_links_to_it() -> None:
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
