"""A slash at the beginning of a prefix: keys may have one, and people type one out of habit.

Nothing is dropped or added in silence. Where nothing is under what was typed, and something is under the same
without the slash, or with one, that is said.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

from endpoints.models import S3Endpoint
from endpoints.prefixes import join_prefix, toggle_slash
from endpoints.storage import StorageError, open_bucket


@dataclass(frozen=True, slots=True)
class OtherSlash:
    """Where files are instead."""

    path_prefix: str
    prefix: str

    def __str__(self) -> str:
        """The correction, in sentences."""
        full = join_prefix(self.path_prefix, self.prefix)
        how = "with" if full.startswith("/") else "without"
        found = f"Keys that begin with {full} are there" if full else "Keys are there"
        if self.path_prefix or not self.prefix:
            path = self.path_prefix or "empty"
            return (
                f"{found}: the endpoint's S3 Path Prefix would be {path}, {how} the slash at its beginning."
            )
        return f"{found}: enter {self.prefix}, {how} the slash at its beginning."


def find_other_slash(*, endpoint: S3Endpoint, prefix: str = "") -> OtherSlash | None:
    """Where files are, for an endpoint and a prefix under which none are; None where it cannot be told."""
    if not (endpoint.path_prefix or prefix):
        return None
    other = OtherSlash(*toggle_slash(endpoint.path_prefix, prefix))
    moved = copy(endpoint)
    moved.path_prefix = other.path_prefix
    try:
        page = next(open_bucket(moved).list_pages(moved.full_prefix(other.prefix)))
    except StorageError:  # the role may not look there
        return None
    return other if page else None
