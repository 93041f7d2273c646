"""Which fields a view reads of a request: what a fuzz test has to fill in, without a list to keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

READERS = ("get", "getlist", "__getitem__", "__contains__")
NOT_OURS = {
    "csrfmiddlewaretoken",
    "made_for",
    "any",
    "urlencode",
}  # the last is a method that a template calls


@contextmanager
def recording_fields() -> Iterator[set[str]]:
    """The names that are asked for inside, of the address and of forms."""
    names: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        for reader in READERS:
            patch.setattr(QueryDict, reader, _record(getattr(QueryDict, reader), names))
        yield names
    names -= NOT_OURS


def _record(plain: Any, names: set[str]) -> Any:
    def read(fields: MultiValueDict, name: str, *more: Any) -> Any:
        names.add(name)
        return plain(fields, name, *more)

    return read
