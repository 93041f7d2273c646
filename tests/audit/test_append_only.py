"""The database itself keeps the log, whoever writes."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Account
from accounts.services import create_account
from audit.models import Entry


@pytest.fixture
def entry(db) -> Entry:
    create_account(name="Acme")
    return Entry.objects.get()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'somebody else'",
        "UPDATE audit_entry SET id = id",
        "DELETE FROM audit_entry",
    ],
)
def test_an_entry_is_neither_changed_nor_deleted(entry, statement):
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        connection.cursor().execute(statement)

    assert Entry.objects.get() == entry


def test_the_log_is_not_emptied_at_once(entry):
    if connection.vendor != "postgresql":
        return  # SQLite has no TRUNCATE
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        connection.cursor().execute("TRUNCATE audit_entry")


def test_it_outlives_the_account(entry):
    Account.objects.all().delete()

    assert Entry.objects.filter(account_id=entry.account_id).exists()


def test_what_is_rolled_back_was_not_done(db):
    with transaction.atomic():
        create_account(name="Acme")
        transaction.set_rollback(True)

    assert not Entry.objects.exists()
