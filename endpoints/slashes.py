"""A slash at the beginning of a prefix: keys may have one, and people type one out of habit.

Nothing is dropped or added silently. Where nothing is under the typed prefix, but something is under it
without, or with, the slash, the person is told.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

from endpoints.models import S3Endpoint
from endpoints.prefixes import toggle_leading_slash
from endpoints.storage import StorageError, open_bucket


@dataclass(frozen=True, slots=True)
class OtherSlash:
    """Where files are instead: `whole` is the full prefix, `corrected` what has to be changed to."""

    whole: str
    corrected: str
    concerns_endpoint: bool  # its path prefix, not the prefix below it

    def __str__(self) -> str:
        """The correction, in sentences."""
        how = "with" if self.whole.startswith("/") else "without"
        found = f"Keys that begin with {self.whole} are there" if self.whole else "Other keys are there"
        if self.concerns_endpoint:
            path = self.corrected or "empty"
            return (
                f"{found}: the endpoint's S3 Path Prefix would be {path}, {how} the slash at its beginning."
            )
        enter = self.corrected or "a prefix"
        return f"{found}: enter {enter}, {how} the slash at its beginning."


def find_other_slash(*, endpoint: S3Endpoint, prefix: str = "", testing: bool = False) -> OtherSlash | None:
    """Where files are, for an endpoint and a prefix under which none are; None where it cannot be told."""
    moved = copy(endpoint)
    if endpoint.path_prefix:
        corrected = moved.path_prefix = toggle_leading_slash(endpoint.path_prefix)
    elif prefix:
        corrected = prefix = toggle_leading_slash(prefix)
    else:
        return None
    whole = moved.full_prefix(prefix)
    try:
        page = next(open_bucket(moved, testing=testing).list_pages(whole))
    except StorageError:  # the role may not look there
        return None
    return OtherSlash(whole, corrected, bool(endpoint.path_prefix)) if page else None
