from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils.module_loading import import_string

from accounts.models import Account, Membership, User


@pytest.fixture
def account(db: None) -> Account:
    return Account.objects.create(name="Acme", slug="acme", s3_csv_telemetry=True)


@pytest.fixture
def other_account(db: None) -> Account:
    return Account.objects.create(name="Zeta", slug="zeta", s3_csv_telemetry=True)


@pytest.fixture
def join() -> Callable[..., Membership]:
    """join(account, "viewer", email="…"): a new person's membership."""

    def add(account: Account, role: str, email: str = "") -> Membership:
        user, _ = User.objects.get_or_create(email=email or f"{role}@{account.slug}.example")
        return Membership.objects.create(account=account, user=user, role=role)

    return add


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """sign_in(user): a browser in which the person is signed in."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in


@pytest.fixture
def postman(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails are in `mailoutbox` at once, as a worker would have sent them after the commit."""

    def carry_out(task: str, **kwargs: Any) -> bool:
        import_string(task)(**kwargs)
        return True

    for module in ("accounts", "standby"):
        monkeypatch.setattr(f"{module}.mails.on_commit", lambda do, **_: do())
    monkeypatch.setattr("standby.queue.send", carry_out)
