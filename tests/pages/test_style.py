"""The style page: each shared component once."""

from __future__ import annotations

from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
COMPONENTS = sorted(path.stem for path in (TEMPLATES / "components").glob("*.html"))
SHOWN_BY_OTHERS = {  # what the layout puts on every page, and the part of another component
    "error_summary": "layout.html",
    "header": "layout.html",
    "messages": "layout.html",
    "navigation": "layout.html",
    "field_notes": "components/field.html",
}


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_component_stands_on_the_style_page(name):
    place = (TEMPLATES / SHOWN_BY_OTHERS.get(name, "style.html")).read_text(encoding="utf-8")
    used = f"components/{name}.html" in place or f"{{% {name} " in place
    assert used, f"show components/{name}.html in templates/style.html"


def test_there_is_one_table_component_and_every_table_has_a_caption():
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert text.count("<table") == text.count("<caption"), path
