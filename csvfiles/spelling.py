"""Column names for people to read: what cannot be seen in one is spelled out, and how two differ is said."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

_BOM, _BOM_READ_AS_LATIN_1 = "\ufeff", "\u00ef\u00bb\u00bf"
_UNSEEN_CATEGORIES = {"Cc", "Cf", "Zl", "Zp", "Zs"}
# Blank by their looks and not by their category: fillers, the empty braille cell, what joins or varies.
_UNSEEN_OTHERS = set("\u034f\u115f\u1160\u2800\u3164\uffa0") | set(map(chr, range(0xFE00, 0xFE10)))
_CALLED = {
    "\x00": "NUL",
    "\t": "TAB",
    "\n": "LINE FEED",
    "\r": "CARRIAGE RETURN",
    " ": "SPACE",
    _BOM: "BYTE ORDER MARK",
}
_QUOTES = "\"'`\u00b4\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"
_LONGEST = 100


def quote_names(names: Sequence[str]) -> str:
    """Some names as a message shows them."""
    return list_some([quote_name(name) for name in names[:10]], of=len(names))


def list_some(shown: Sequence[str], *, of: int) -> str:
    text = ", ".join(shown[:10])
    return text if of <= 10 else f"{text} and {of - 10} more"


def quote_name(name: str) -> str:
    """The name in quotes; what cannot be seen is left out and named behind it.

    `"date" (with U+200B ZERO WIDTH SPACE at its end)`
    """
    name = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
    unseen = [position for position, character in enumerate(name) if _is_unseen(name, position)]
    seen = "".join(character for position, character in enumerate(name) if position not in unseen)
    if not unseen:
        return f'"{seen}"'
    notes = [f"{_call(name[position])} {_place(name, position)}" for position in unseen[:3]]
    more = f" and {len(unseen) - 3} more" if len(unseen) > 3 else ""
    return f'"{seen}" (with {", ".join(notes)}{more})'


def has_unseen(name: str) -> bool:
    """Whether there is more in the name than one sees."""
    return any(_is_unseen(name, position) for position in range(len(name)))


def explain_difference(wanted: str, name: str) -> str | None:
    """By what alone the name differs from the wanted one, in words; None where they are different names."""
    if loosen(wanted) == loosen(name):
        for count in range(1, len(_DIFFERENCES) + 1):
            for some in combinations(_DIFFERENCES, count):
                if _apply(some, wanted) == _apply(some, name):
                    return " and ".join(some)
    return _find_other_letters(wanted, name)


def loosen(name: str) -> str:
    """The name without what exports and editors change in one: equal for names meant to be equal."""
    if name.isascii() and name.isprintable():
        return name.strip(_QUOTES + " ").casefold()
    return _apply(_DIFFERENCES, name)


def _apply(differences: Iterable[str], name: str) -> str:
    for difference in differences:
        name = _DIFFERENCES[difference](name)
    return name


def _drop_unseen(name: str) -> str:
    return "".join(character for character in name if character == " " or not _is_blank(character))


_DIFFERENCES: dict[str, Callable[[str], str]] = {
    "a byte order mark": lambda name: name.replace(_BOM, "").removeprefix(_BOM_READ_AS_LATIN_1),
    "characters that cannot be seen": _drop_unseen,
    "its Unicode normal form": lambda name: unicodedata.normalize("NFKC", name),
    "spaces around it": lambda name: name.strip(" "),
    "quotes around it": lambda name: name.strip(_QUOTES + " "),
    "case": str.casefold,
}


def _find_other_letters(wanted: str, name: str) -> str | None:
    """A letter of another alphabet that looks like the wanted one, as a Cyrillic a does."""
    if len(wanted) != len(name):
        return None
    others = {(one, other) for one, other in zip(wanted, name, strict=True) if one != other}
    if not others or any(one.isascii() and other.isascii() for one, other in others):
        return None
    return ", ".join(sorted(_call(other) for _, other in others)[:3])


def _is_unseen(name: str, position: int) -> bool:
    """A space is seen between other characters, and only there."""
    character = name[position]
    if character == " ":
        return not name[:position].strip() or not name[position:].strip()
    return _is_blank(character)


def _is_blank(character: str) -> bool:
    if character in _UNSEEN_OTHERS:
        return True
    return character != " " and unicodedata.category(character) in _UNSEEN_CATEGORIES


def _call(character: str) -> str:
    called = _CALLED.get(character) or unicodedata.name(character, "CONTROL CHARACTER")
    return f"U+{ord(character):04X} {called}"


def _place(name: str, position: int) -> str:
    before = _drop_unseen(name[:position]).strip()
    after = _drop_unseen(name[position:]).strip()
    if not before:
        return "at its beginning"
    return f'after "{before}"' if after else "at its end"
