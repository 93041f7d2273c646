"""The style page: each shared component once."""

from __future__ import annotations

from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
COMPONENTS = sorted(path.stem for path in (TEMPLATES / "components").glob("*.html"))
SHOWN_BY_OTHERS = {  # what the layout puts on every page, and the part of another component
    "error_summary": "layout.html",
    "header": "layout.html",
    "kept_form": "layout.html",
    "messages": "layout.html",
    "navigation": "layout.html",
    "field_notes": "components/field.html",
    "sort_head": "telemetry/_table.html",
}
TABLES_OF_THEIR_OWN = {
    "telemetry/_coverage.html": "a calendar: a table a month, without a card or headers of rows"
}


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_component_stands_on_the_style_page(name):
    place = (TEMPLATES / SHOWN_BY_OTHERS.get(name, "style.html")).read_text(encoding="utf-8")
    used = f"components/{name}.html" in place or f"{{% {name} " in place
    assert used, f"show components/{name}.html in templates/style.html"


def test_every_table_is_the_component_but_for_those_named_here():
    bare = {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if path.parent.name != "components" and "<table" in path.read_text(encoding="utf-8")
    }
    assert bare == set(TABLES_OF_THEIR_OWN), "use {% table %} of core/templatetags/layout.py"


@pytest.mark.parametrize("name", [*TABLES_OF_THEIR_OWN, "components/table.html"])
def test_every_table_has_a_caption(name):
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    assert text.count("<table") == text.count("<caption") == 1
