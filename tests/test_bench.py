"""What docs/performance.md shows are the newest results of the bench."""

from __future__ import annotations

from bench.table import PAGE, make_table


def test_the_page_shows_the_newest_results():
    assert make_table() in PAGE.read_text(encoding="utf-8"), "run: python -m bench document"
