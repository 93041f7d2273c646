"""Writes docs/configuration.md from .env.example: `python -m docs.configuration`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "configuration.md"
INTRODUCTION = """# Configuration

Every setting is an environment variable; a file `.env` beside `manage.py` is read where there is one, and the
environment wins over it. A malformed value stops the process with an error that names the variable and says
what it takes; so does a line of the file that is no `NAME=value`. This page is written from
[`.env.example`](../.env.example) by `python -m docs.configuration`.
"""


@dataclass(frozen=True, slots=True)
class Variable:
    section: str
    name: str
    meaning: str
    value: str
    required: bool


def list_variables() -> list[Variable]:
    """The variables of .env.example, in order. Raises ValueError for one without a line of meaning."""
    variables = []
    section = meaning = ""
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        if heading := re.fullmatch(r"# --- (.+) ---", line):
            section = heading[1]
        elif found := re.fullmatch(r"(#?)([A-Z0-9_]+)=(.*)", line):
            if not meaning:
                raise ValueError(f".env.example: {found[2]} needs a line above it that says what it means")
            variables.append(Variable(section, found[2], meaning, found[3], required=not found[1]))
            meaning = ""
        elif line.startswith("# "):
            meaning = line.removeprefix("# ")
    return variables


def render_page() -> str:
    """The page: a table a section."""
    parts = [INTRODUCTION]
    variables = list_variables()
    for section in dict.fromkeys(variable.section for variable in variables):
        parts.append(f"\n## {section}\n\n| variable | default | meaning |\n| --- | --- | --- |\n")
        parts += [_render_row(variable) for variable in variables if variable.section == section]
    return "".join(parts)


def _render_row(variable: Variable) -> str:
    default = "required" if variable.required else f"`{variable.value}`" if variable.value else "none"
    return f"| `{variable.name}` | {default} | {variable.meaning} |\n"


if __name__ == "__main__":
    PAGE.write_text(render_page(), encoding="utf-8")
