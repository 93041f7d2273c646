"""The Big List of Naughty Strings: github.com/minimaxir/big-list-of-naughty-strings, MIT (tests/data)."""

from __future__ import annotations

import json
from pathlib import Path

DATA = Path(__file__).with_name("data") / "blns.json"
# What the list does not have, and a spreadsheet, a log or a header would trip over.
MORE = [
    '=HYPERLINK("http://evil.example")',
    "+1+1",
    "-1+1",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "a\x1b[31m",
    "a\u2028b",
    'a"; filename="evil.exe',
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "{{ 7*7 }}{% debug %}",
    "__proto__",
    "constructor",
    "%0d%0aSet-Cookie:x=1",
    "../../etc/passwd",
]


def list_naughty_strings() -> list[str]:
    """Each once; without NUL, which PostgreSQL's text does not take (docs/decisions/0007)."""
    strings = dict.fromkeys(json.loads(DATA.read_text(encoding="utf-8")) + MORE)
    return [text for text in strings if text.strip() and "\0" not in text]


def list_naughty_names() -> list[str]:
    """Those that can be the name of a column: no space in them, no longer than 200 characters."""
    names = dict.fromkeys(text[:200] for text in list_naughty_strings())
    return [name for name in names if not any(char.isspace() for char in name)]
