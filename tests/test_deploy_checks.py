"""What `manage.py check --deploy` refuses, and the database's role that owns nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction

from accounts.services import add_member, create_account
from audit.models import Entry
from commandline.command import Failure, WrongArguments
from commandline.database_role import find_excess_privilege
from config.deploy_checks import check_database_role, check_hosts, check_proxies, check_proxy_is_named
from tests.ingestion.conftest import Bench, bench, make_bench  # noqa: F401 - two are fixtures

PROXY_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no roles")


@pytest.mark.parametrize(
    ("hosts", "told"),
    [
        (["metrics.example.com", "10.0.0.1"], []),
        (["*"], ["denominator.E010"]),
        (["metrics.example.com", " *"], ["denominator.E010"]),
        (["*.example.com"], ["denominator.E010"]),
        ([".com"], ["denominator.W011"]),
        ([".example.com", "*"], ["denominator.W011", "denominator.E010"]),
    ],
)
def test_hosts_that_stand_for_any_are_refused(settings, hosts, told):
    settings.ALLOWED_HOSTS = hosts

    assert [fault.id for fault in check_hosts()] == told


@pytest.mark.parametrize(
    ("proxies", "covers"),
    [
        ([], []),
        (["10.0.0.0/8", "192.0.2.7", "fc00::/7", "2001:db8::/32"], []),
        (["0.0.0.0/0"], ["0.0.0.0/0"]),
        (["10.0.0.1", "::/0"], ["::/0"]),
        (["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0/0"]),
        ([f"{number}.0.0.0/8" for number in range(256)], ["0.0.0.0/0"]),
        (["8.0.0.0/7"], ["8.0.0.0/7"]),
        (["2000::/3"], ["2000::/3"]),
    ],
)
def test_proxies_that_are_everybody_are_refused(settings, proxies, covers):
    settings.TRUSTED_PROXIES = proxies
    told = [fault.msg for fault in check_proxies()]

    assert len(told) == len(covers)
    assert [
        text for text, network in zip(told, covers, strict=True) if f"covers {network}:" not in text
    ] == []


@pytest.mark.parametrize(
    ("header", "proxies", "told"),
    [(None, [], 0), (PROXY_HEADER, ["10.0.0.5"], 0), (PROXY_HEADER, [], 1)],
)
def test_a_proxy_that_is_there_is_to_be_named(settings, header, proxies, told):
    settings.SECURE_PROXY_SSL_HEADER, settings.TRUSTED_PROXIES = header, proxies

    assert len(list(check_proxy_is_named())) == told


def grant(*options: str) -> dict:
    written = io.StringIO()
    call_command("grant_access", "web of denominator", "--json", *options, stdout=written)
    return json.loads(written.getvalue())


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f'SET LOCAL ROLE "{role}"')
        yield
        cursor.execute("RESET ROLE")


@pytest.fixture
def role(db) -> str:
    """In the test's transaction, as all that it is given."""
    with connection.cursor() as cursor:
        cursor.execute('CREATE ROLE "web of denominator"')
    return "web of denominator"


@on_postgresql
class TestTheRoleOfTheProcesses:
    def test_who_owns_the_tables_is_told(self, db):
        [told] = check_database_role(databases=["default"])

        assert told.id == "denominator.W013"
        assert "is a superuser" in told.msg
        assert "grant_access ROLE" in told.hint
        assert check_database_role(databases=None) == []

    @pytest.mark.parametrize(
        ("power", "told"),
        [
            ('ALTER TABLE audit_entry OWNER TO "{role}"', "owns audit_entry, or may act as who does"),
            (
                'CREATE ROLE o; GRANT o TO "{role}"; ALTER TABLE accounts_user OWNER TO o',
                "owns accounts_user",
            ),
            ('GRANT TRIGGER ON audit_entry TO "{role}"', "holds TRIGGER or TRUNCATE on audit_entry"),
            ('GRANT TRUNCATE ON audit_entry TO "{role}"', "holds TRIGGER or TRUNCATE on audit_entry"),
            ('GRANT SET ON PARAMETER session_replication_role TO "{role}"', "session_replication_role"),
            ('ALTER ROLE "{role}" CREATEROLE', "has CREATEROLE"),
        ],
    )
    def test_so_is_who_could_change_the_audit_log(self, role, power, told):
        grant()
        with connection.cursor() as cursor:
            cursor.execute(power.format(role=role))
        with acting_as(role):
            assert told in find_excess_privilege(connection)

    def test_with_the_grants_it_serves_and_cannot_change_the_audit_log(self, role, bench: Bench):  # noqa: F811 (the fixture)
        grant()
        with acting_as(role):
            assert find_excess_privilege(connection) is None
            account = create_account(name="Made by the role")
            add_member(account=account, email="new@acme.example", role="admin", password="correct horse")
            bench.put("a.csv", "date,team,requests\n2024-05-01,core,5\n")
            assert bench.sync().state == "succeeded"
            call_command("prune", stdout=io.StringIO())
            for statement in (
                "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
                "DROP TRIGGER audit_entry_is_kept ON audit_entry",
                "UPDATE audit_entry SET actor = 'x'",
                "DELETE FROM audit_entry",
                "TRUNCATE audit_entry",
                "SET session_replication_role = replica",
                "DELETE FROM django_migrations",
            ):
                with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(statement)
        assert Entry.objects.filter(action="account.created", object_name="Made by the role").exists()

    def test_what_the_next_migration_makes_is_granted_too(self, role):
        grant()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE of_next_version (id bigint GENERATED BY DEFAULT AS IDENTITY, t text)"
            )
            with acting_as(role):
                cursor.execute("INSERT INTO of_next_version (t) VALUES ('x')")
                cursor.execute("DELETE FROM of_next_version")
                assert cursor.rowcount == 1

    def test_a_dry_run_only_says_it(self, role):
        told = grant("--dry-run")
        with acting_as(role), pytest.raises(DatabaseError), transaction.atomic():
            Entry.objects.exists()

        assert 'REVOKE UPDATE, DELETE ON "audit_entry" FROM "web of denominator"' in told["statements"]

    def test_a_role_that_does_not_exist_is_named(self, db):
        with pytest.raises(WrongArguments, match='no role "web of denominator"'):
            grant()

    def test_who_is_not_the_owner_is_told(self, role):
        with acting_as(role), pytest.raises(Failure, match="as the role that owns the tables"):
            grant()


def test_on_sqlite_there_is_no_role(db, monkeypatch):
    monkeypatch.setattr(connections["default"], "vendor", "sqlite", raising=False)

    assert check_database_role(databases=["default"]) == []
    with pytest.raises(Failure, match="SQLite has no roles"):
        grant()
