"""How an endpoint's path prefix and a telemetry's prefix make one plain S3 prefix.

A key may begin with `/` and hold `//`, so no slash that somebody typed is dropped but the one at the joint.
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"(?:s3[an]?://|arn:[\w-]+:s3:::)([^/]*)/?(.*)", re.DOTALL | re.IGNORECASE)


def join_prefix(path_prefix: str, prefix: str) -> str:
    """Join with exactly one `/`; the result is matched as a string, so `usage` also matches `usage-old/`."""
    if not path_prefix:
        return prefix
    return path_prefix.removesuffix("/") + "/" + prefix.removeprefix("/")


def normalise_path_prefix(path_prefix: str) -> str:
    """As an endpoint keeps it: `exports/` is `exports`, which joins to the same."""
    tidy = path_prefix.removesuffix("/")
    return path_prefix if not tidy or tidy.endswith("/") else tidy


def toggle_leading_slash(prefix: str) -> str:
    """Without the slashes at its beginning, or with one where there is none."""
    return prefix.lstrip("/") if prefix.startswith("/") else f"/{prefix}"


def split_address(text: str) -> tuple[str, str] | None:
    """(bucket, key) of what people paste for a prefix, such as `s3://bucket/key`; None where it is none."""
    found = _ADDRESS.fullmatch(text)
    return (found[1], found[2].rstrip("*")) if found else None


def find_below(path_prefix: str, whole: str) -> str | None:
    """What of a whole S3 prefix stands below the path prefix; None where it is not under it."""
    root = join_prefix(path_prefix, "")
    if whole.startswith(root):
        return whole.removeprefix(root)
    return "" if root and f"{whole}/" == root else None
