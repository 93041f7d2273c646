"""Removing an account: everything of it goes, whenever it is killed, and nothing of another one."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.utils import timezone

from accounts.models import User
from accounts.services import create_account
from audit.models import Entry
from core import deleting
from ingestion.leases import RunLost, claim_run
from ingestion.services import create_run
from ingestion.work import execute_run
from offboarding.services import deactivate_account, remove_account
from telemetry import emptying


def remove(tenant: Any, **options: Any) -> Any:
    return remove_account(account=tenant.account, now=timezone.now(), report=lambda _text: None, **options)


def has_no_rows(tenant: Any) -> bool:
    return not any(tenant.list_rows().values())


def test_everything_of_the_account_goes_and_nothing_of_another(acme, other):
    assert all(rows for table, rows in acme.list_rows().items() if "helper" not in table)
    before = other.list_rows()
    removal = remove(acme)
    assert has_no_rows(acme)
    assert other.list_rows() == before
    assert removal.members == ["ada@both.example", "bob@acme.example"]


def test_people_keep_their_sign_in_and_their_other_accounts(acme, other):
    removal = remove(acme)
    assert removal.people_without_account == ["bob@acme.example"]
    bob = User.objects.get(email="bob@acme.example")
    assert (bob.is_active, bob.memberships.exists()) == (True, False)
    assert User.objects.get(email="ada@both.example").memberships.get().account == other.account


def test_the_audit_log_stays_with_what_was_removed(acme):
    kept = Entry.objects.for_account(acme.account).count()
    remove(acme)
    entries = Entry.objects.for_account(acme.account).order_by("pk")
    assert [entry.action for entry in entries[kept:]] == [
        "account.deactivated",
        "account.removal_started",
        "telemetry.deleted",
        "endpoint.deleted",
        "account.removed",
    ]
    last = entries.last()
    assert (last.object_id, last.object_name, last.before["members"]) == (
        "acme",
        "Acme",
        ["ada@both.example", "bob@acme.example"],
    )


def test_a_later_account_of_that_slug_has_nothing_of_it(acme):
    remove(acme)
    again = create_account(name="Acme")
    assert Entry.objects.for_account(again).count() == 1


def test_killed_after_any_commit_it_is_begun_again(acme, other, monkeypatch):
    monkeypatch.setattr(deleting, "ROWS_AT_A_TIME", 2)
    monkeypatch.setattr(emptying, "BLOCKS_AT_A_TIME", 2)
    before, attempts, removal = other.list_rows(), 0, None
    while not has_no_rows(acme):
        attempts += 1
        assert attempts < 60
        with dying_after(commits=attempts) as killed:
            try:
                removal = remove(acme)
            except KeyboardInterrupt:
                killed.append(True)
    assert attempts > 5
    assert other.list_rows() == before
    if removal is not None:  # else it was killed after the last commit of all
        assert removal.people_without_account == ["bob@acme.example"]
    assert Entry.objects.filter(action="account.removed").count() == 1
    assert Entry.objects.filter(action="account.removal_started").count() == 1


class dying_after:  # noqa: N801 - reads as a sentence
    """A process that is killed as soon as it has committed so often."""

    def __init__(self, *, commits: int) -> None:
        self._left, self._patch = commits, pytest.MonkeyPatch()

    def __enter__(self) -> list[bool]:
        commit = connection._commit

        def committing() -> None:
            commit()
            self._left -= 1
            if self._left == 0:
                raise KeyboardInterrupt

        self._patch.setattr(connections["default"], "_commit", committing)
        return []

    def __exit__(self, *_: object) -> None:
        self._patch.undo()


def test_no_transaction_grows_with_the_account(acme, monkeypatch):
    for day in range(4, 10):
        acme.world.put(
            f"{day}.csv", [(f"2024-05-0{day}", "core", "1"), (f"2024-05-0{day}", "web", "x")], minute=day
        )
    acme.world.sync()
    monkeypatch.setattr(deleting, "ROWS_AT_A_TIME", 3)
    monkeypatch.setattr(emptying, "BLOCKS_AT_A_TIME", 2)
    deleted: dict[str, list[int]] = {}

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith("DELETE FROM"):
            deleted.setdefault(sql.split('"')[1], []).append(context["cursor"].rowcount)
        return result

    with connection.execute_wrapper(count):
        remove(acme)
    blocks = deleted["telemetry_pointblock"]
    assert max(blocks) == 2
    assert sum(blocks) == 9
    for table in ("ingestion_fileday", "telemetry_dailytotal", "ingestion_rejectedrow", "ingestion_runfile"):
        assert max(deleted[table]) <= 3, table
        assert sum(deleted[table]) > 3, table


def test_a_run_that_goes_on_ends_and_no_other_begins(acme):
    run, _ = create_run(source=acme.world.telemetry, trigger="manual", now=timezone.now())
    lease = claim_run(run_id=run.pk, clock=timezone.now)
    deactivate_account(account=acme.account, now=timezone.now())
    run.refresh_from_db()
    assert (run.state, "being removed" in run.message) == ("failed", True)
    with pytest.raises(RunLost):
        lease.hold(timezone.now())
    acme.world.telemetry.refresh_from_db()
    with pytest.raises(ValidationError, match="is inactive"):
        create_run(source=acme.world.telemetry, trigger="manual", now=timezone.now())
    remove(acme)
    assert has_no_rows(acme)


def test_a_sync_in_mid_file_writes_nothing_into_what_is_gone(acme, standin):
    """The worker finds out with the next batch."""
    acme.world.put("9.csv", [("2024-05-09", "core", "1")], minute=9)
    run, _ = create_run(source=acme.world.telemetry, trigger="manual", now=timezone.now())
    standin.after("get", lambda: in_thread(lambda: remove(acme)))
    execute_run(run_id=run.pk, clock=timezone.now)
    assert has_no_rows(acme)


def in_thread(act: Any) -> None:
    """With a connection of its own."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)
        finally:
            connections.close_all()

    thread = Thread(target=run)
    thread.start()
    thread.join(timeout=60)
    assert not errors, errors
    assert not thread.is_alive()
