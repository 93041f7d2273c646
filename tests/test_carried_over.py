"""A database of the version before, with all that it holds, is carried over by `migrate`.

tests/data/version_before has the database, and what that version said of it. tests/carried_over.py asks this
version; the names of tables and models are there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from demo.standin import StandIn
from tests.carried_over import EXTERNAL_IDS, IDENTIFIERS
from tests.collation import make_template
from tests.schema import describe_schema, find_missing, find_orphans, find_stale_counters
from tests.scratch import Errors, Scratch, make_scratch, open_database

BEFORE = Path(__file__).parent / "data" / "version_before"
SAID = {path.relative_to(BEFORE / "says").as_posix(): path for path in (BEFORE / "says").rglob("*.*")}
NEW_ID = "00000000-0000-4000-8000-00000000ffff"
BUCKET, ROLE = "acme-exports", "arn:aws:iam::123456789012:role/AcmeReader"  # as in the dump


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    with django_db_blocker.unblock():
        make_template()
    return tmp_path_factory.mktemp("carried_over")


@pytest.fixture(scope="module")
def carried(folder: Path) -> Iterator[Scratch]:
    """The database of the version before, after `migrate`."""
    with make_scratch("carried", folder=folder) as scratch:
        scratch.load((BEFORE / f"{scratch.vendor}.sql").read_text(encoding="utf-8"))
        scratch.run("manage.py", "migrate", "--verbosity", "0")
        yield scratch


@pytest.fixture(scope="module")
def fresh(django_db_setup: None) -> Iterator[Scratch]:
    """The tests' own, which `migrate` has made from nothing."""
    with open_database(str(connection.settings_dict["NAME"])) as scratch:
        yield scratch


@pytest.fixture(scope="module")
def says(carried: Scratch) -> dict[str, str]:
    return json.loads(carried.run("-m", "tests.carried_over", "describe"))


@pytest.mark.parametrize("name", sorted(SAID))
def test_it_says_what_the_version_before_said(says, name):
    expected = SAID[name].read_bytes().decode()
    if name.endswith(".json"):  # a difference then shows by its place
        assert json.loads(says[name]) == json.loads(expected)
    assert says[name] == expected


def test_it_says_no_more_than_that(says):
    assert set(says) == set(SAID)


def test_it_is_made_of_the_same_as_one_that_is_new(carried, fresh):
    was_carried, is_new = describe_schema(carried), describe_schema(fresh)
    assert len(is_new) > 100
    assert (sorted(was_carried - is_new), sorted(is_new - was_carried)) == ([], [])


def test_the_same_migrations_are_applied_as_to_one_that_is_new(carried, fresh):
    applied = "SELECT app, name FROM django_migrations ORDER BY app, name"
    assert carried.ask(applied) == fresh.ask(applied)


def test_the_migrations_say_all_that_the_models_say(db):
    call_command("makemigrations", "--check", "--dry-run")


def test_one_that_is_new_has_all_that_the_models_say(db):
    assert find_missing() == []


def test_every_reference_leads_somewhere(carried):
    assert find_orphans(carried) == []


def test_the_file_is_sound(carried):
    if carried.vendor != "sqlite":
        pytest.skip("SQLite's own check of its file.")
    assert carried.ask("PRAGMA integrity_check") == [("ok",)]


def test_the_next_row_of_every_table_has_a_number_of_its_own(carried):
    assert find_stale_counters(carried) == []


@pytest.mark.parametrize(("table", "column"), [(IDENTIFIERS, "identifier"), (EXTERNAL_IDS, "external_id")])
def test_what_is_fixed_for_ever_cannot_be_changed_by_sql(carried, table, column):
    for change in (f"{column} = 'another'", "account_id = account_id + 1"):
        with carried.undone(), pytest.raises(Errors, match="cannot change"):
            carried.ask(f"UPDATE {table} SET {change} RETURNING id")
    with carried.undone():
        assert carried.ask(f"UPDATE {table} SET name = 'x' || id, {column} = {column} RETURNING id")


def test_an_identifier_is_there_once_in_an_account(carried):
    with carried.undone():
        _copy_identifier(carried, "'another'")
    with carried.undone(), pytest.raises(Errors, match=r"(?i)unique"):
        _copy_identifier(carried, "identifier")


def _copy_identifier(scratch: Scratch, identifier: str) -> None:
    """A row like the first one, but for its ids and this."""
    columns = [name for name, *_ in scratch.connection.execute(f"SELECT * FROM {IDENTIFIERS}").description]
    new = {"public_id": f"'{NEW_ID if scratch.vendor == 'postgresql' else NEW_ID.replace('-', '')}'"}
    copied = {name: new.get(name, f'"{name}"') for name in columns if name != "id"} | {
        "identifier": identifier
    }
    names, values = ", ".join(f'"{name}"' for name in copied), ", ".join(copied.values())
    copying = f"INSERT INTO {IDENTIFIERS} ({names}) SELECT {values} FROM {IDENTIFIERS} WHERE id = 1"
    assert scratch.ask(f"{copying} RETURNING id")


def test_it_goes_on_from_there(carried, says, standin: StandIn):
    """The last test: it changes what is there. A sync knows the stored files again; all can be added to."""
    external_id = json.loads(says["endpoints.json"])[0]["external_id"]
    standin.add_bucket(BUCKET, region="eu-west-1")
    standin.add_role(ROLE, external_id=external_id, bucket=BUCKET)
    modified = datetime(2024, 5, 1, 2, tzinfo=UTC)
    stored, new = "2024-04-30,10\n2024-04-30,0.5\n", "2024-05-03,7\n"
    standin.put_object(BUCKET, "signups/b.csv", f"date,signups\n{stored}", modified=modified)
    standin.put_object(BUCKET, "signups/c.csv", f"date,signups\n{new}", modified=modified)
    synced = json.loads(carried.run("-m", "tests.carried_over", "go_on"))
    assert (synced["state"], synced["files_unchanged"], synced["files_read"]) == ("succeeded", 1, 1)
    assert synced["exported"] == says["exports/acme-signups.csv"] + new
    assert find_orphans(carried) == []
    assert find_stale_counters(carried) == []
