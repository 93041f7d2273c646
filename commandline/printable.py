"""Untrusted text, such as a file's key, made safe for a line of a terminal or log."""

from __future__ import annotations

import re
import unicodedata

# Line ends, escape sequences, marks that turn text around: whatever a reader does not see as a character.
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
SUSPICIOUS = re.compile(r"[^ -~]")


def printable(text: str) -> str:
    """`text` in one line: characters that cannot be seen are written as Python would, such as `\\x1b`."""
    return SUSPICIOUS.sub(_show, text)


def _show(found: re.Match[str]) -> str:
    char = found[0]
    return char.encode("unicode_escape").decode() if unicodedata.category(char) in UNSEEN else char
