from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def active_account(request: HttpRequest) -> dict[str, Any]:
    """`account`: the active account of the page's reader."""
    return {"account": getattr(request, "account", None)}
