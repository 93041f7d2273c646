"""What a change is, for tests/audit: how to do it, and how the log calls it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.test import Client

from tests.audit.world import AGENT, World
from tests.standin import BUCKET, REGION, ROLE_ARN

Do = Callable[[World], object]
CONNECTION = {"role_arn": ROLE_ARN, "bucket": BUCKET, "region": REGION, "path_prefix": ""}


@dataclass(frozen=True, slots=True)
class Scenario:
    """`does` it, and the log says `actions`, in this order."""

    name: str
    does: Do
    actions: tuple[str, ...]


def scenario(name: str, does: Do, *actions: str) -> Scenario:
    return Scenario(name, does, actions)


def sign_in(password: str, times: int = 1) -> Do:
    def does(w: World) -> None:
        w.browser = Client()
        for _ in range(times):
            fields = {"username": w.admin.email, "password": password}
            w.browser.post("/accounts/login/", fields, headers={"User-Agent": AGENT})

    return does
