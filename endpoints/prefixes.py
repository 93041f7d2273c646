"""How an endpoint's path prefix and a telemetry's prefix make one plain S3 prefix."""

from __future__ import annotations


def join_prefix(path_prefix: str, prefix: str) -> str:
    """Join with exactly one `/`; the result is matched as a string, so `usage` also matches `usage-old/`."""
    left, right = path_prefix.strip("/"), prefix.lstrip("/")
    return f"{left}/{right}" if left else right
