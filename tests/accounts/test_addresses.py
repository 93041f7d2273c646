"""One person has one address, however it is written."""

from __future__ import annotations

import pytest
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from accounts.addresses import InvalidAddress, normalise
from accounts.models import User
from accounts.selectors import find_user
from audit.addresses import name_network

BEFORE, AFTER = ("accounts", "0003_invitations_and_sign_ins"), ("accounts", "0004_normal_addresses")


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        (" Ada@ACME.example\n", "ada@acme.example"),
        ("BOſS@acme.example", "boss@acme.example"),
        ("\u212aelvin@acme.example", "kelvin@acme.example"),
        ("ﬀ@acme.example", "ff@acme.example"),
        ("ａｄａ@acme.example", "ada@acme.example"),
        ("ada@acme。example", "ada@acme.example"),
        ("ada@ⓐcme.example", "ada@acme.example"),
        ("ada@Bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@bu\u0308cher.example", "ada@xn--bcher-kva.example"),
        ("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
        ("ada@faß.example", "ada@xn--fa-hia.example"),
        ("ada@İ.example", "ada@xn--i-9bb.example"),
        ("ada@i.example", "ada@i.example"),
        ("ada@ab--cd.example", "ada@ab--cd.example"),
        ("ops@localhost", "ops@localhost"),
        ("ada@[192.0.2.1]", "ada@[192.0.2.1]"),
    ],
)
def test_every_spelling_has_one_normal_form(typed, normal):
    assert normalise(typed) == normal
    assert normalise(normal) == normal


@pytest.mark.parametrize(
    "text",
    [
        *("", "ada", "@acme.example", "ada@", "a@b@c.example", "ada@acme..example", "ada@-.example"),
        *("a da@acme.example", "a\x00@acme.example", "\u200bada@acme.example", "ıda@acme.example"),
        *("ada@xn--zzzzzz99999.example", "\ud800@acme.example", "ada@\ud800.example"),
        *("x" * 65 + "@acme.example", f"ada@{'ü' * 80}.example", "@" * 5_000),
    ],
)  # fmt: skip
def test_an_address_without_one_is_refused(text):
    with pytest.raises(InvalidAddress):
        normalise(text)


@pytest.mark.parametrize("typed", ["ADA@acme.example", " ada@ACME。example", "ada@ａcme.example"])
def test_a_person_is_found_stored_and_compared_by_it(db, typed):
    user = User.objects.create(email=typed)

    assert user.email == "ada@acme.example"
    assert find_user(email="aDa@Acme.example") == user
    assert User.objects.get(email=typed) == User.objects.get(email__in=[typed]) == user
    User.objects.filter(pk=user.pk).update(email="BOB@acme.example")
    assert User.objects.values_list("email", flat=True).get() == "bob@acme.example"


def test_the_database_takes_a_person_once_whatever_the_spelling(db):
    User.objects.create(email="boss@acme.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="bosſ@acme.example")


@pytest.mark.parametrize("raw", ["Boss@acme.example", "boſs@acme.example", "bo ss@acme.example"])
def test_the_database_takes_no_other_form(db, raw):
    User.objects.create(email="x@acme.example")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET email = %s", [raw])


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        (None, ""),
        ("nonsense", ""),
    ],
)
def test_a_network_is_what_one_client_has(address, network):
    assert name_network(address) == network


class TestTheMigration:
    @pytest.fixture
    def migrate(self, transactional_db):
        def to(target: tuple[str, str]):
            executor = MigrationExecutor(connection)
            executor.migrate([target])
            return executor.loader.project_state([target]).apps.get_model("accounts", "User").objects

        yield to
        User.objects.all().delete()
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())

    def test_carries_people_over(self, migrate):
        old = migrate(BEFORE)
        for email in ("Ada@Acme.EXAMPLE", "boſs@acme.example", "zoë.not@bücher.example".replace("ë", "e")):
            old.create(email=email, password="x")

        emails = migrate(AFTER).order_by("email").values_list("email", flat=True)
        assert list(emails) == ["ada@acme.example", "boss@acme.example", "zoe.not@xn--bcher-kva.example"]

    def test_stops_where_two_people_become_one_and_names_them_with_the_remedy(self, migrate):
        old = migrate(BEFORE)
        for email in ("boss@acme.example", "boſs@acme.example", "no address", "fine@ACME.example"):
            old.create(email=email, password="x")
        with pytest.raises(CommandError) as caught:
            migrate(AFTER)

        text = str(caught.value)
        assert "'boss@acme.example' (id " in text
        assert r"'bo\u017fs@acme.example' (id " in text
        assert "'no address' (id " in text
        assert "UPDATE accounts_user SET email" in text
        assert sorted(old.values_list("email", flat=True))[1:] == [
            "boſs@acme.example",
            "fine@ACME.example",
            "no address",
        ]
