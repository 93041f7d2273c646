"""What people type into a search box, as the words to look for."""

from __future__ import annotations

MAX_LENGTH = 200  # characters
MAX_WORDS = 10  # each is compared with several columns of every row


def split_search(text: str) -> list[str]:
    """The first words of `text`."""
    return text[:MAX_LENGTH].split()[:MAX_WORDS]
