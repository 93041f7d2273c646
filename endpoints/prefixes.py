"""How an endpoint's path prefix and a telemetry's prefix make one plain S3 prefix.

A key may begin with `/` and hold `//`, so no slash that somebody typed is dropped but the one at the joint.
"""

from __future__ import annotations


def join_prefix(path_prefix: str, prefix: str) -> str:
    """Join with exactly one `/`; the result is matched as a string, so `usage` also matches `usage-old/`."""
    if not path_prefix:
        return prefix
    return path_prefix.removesuffix("/") + "/" + prefix.removeprefix("/")


def tidy_path_prefix(path_prefix: str) -> str:
    """As an endpoint keeps it: `exports/` is `exports`, which joins to the same."""
    tidy = path_prefix.removesuffix("/")
    return path_prefix if not tidy or tidy.endswith("/") else tidy


def toggle_slash(prefix: str) -> str:
    """Without the slashes at its beginning, or with one where there is none."""
    return prefix.lstrip("/") if prefix.startswith("/") else f"/{prefix}"
