"""`manage.py remove_account`: what it asks, exports, prints and refuses."""

from __future__ import annotations

import csv
import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Account
from offboarding import services
from tests.offboarding.conftest import Tenant


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def run(monkeypatch):
    """run("acme", "--yes", typed="…"): the JSON, or CommandError."""

    def execute(*arguments: str, typed: str | None = None):
        monkeypatch.setattr(sys, "stdin", io.StringIO() if typed is None else Terminal(f"{typed}\n"))
        out = io.StringIO()
        call_command("remove_account", *arguments, "--json", stdout=out, stderr=io.StringIO())
        return json.loads(out.getvalue())

    return execute


def test_it_exports_all_that_there_was_then_removes_it(acme: Tenant, run, tmp_path):
    folder = tmp_path / "acme"
    identifier = acme.world.telemetry.identifier
    answer = run("acme", "--yes", f"--export={folder}")
    assert answer == {
        "slug": "acme",
        "members": ["ada@both.example", "bob@acme.example"],
        "people_without_account": ["ada@both.example", "bob@acme.example"],
        "export": str(folder),
    }
    assert not Account.objects.exists()
    described = json.loads((folder / "account.json").read_text())
    assert [member["email"] for member in described["members"]] == answer["members"]
    assert described["endpoints"][0]["bucket"] == "acme-exports"
    [telemetry] = described["telemetries"]
    assert telemetry["settings"]["dimensions"] == ["team"]
    with (folder / telemetry["file"]).open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["date", "team", identifier], *([f"2024-05-0{day}", "core", "1.5"] for day in (1, 2, 3))]
    assert {file.name for file in folder.iterdir()} == {"account.json", telemetry["file"]}


def test_the_slug_is_typed_or_yes_is_passed(acme: Tenant, run):
    for arguments, typed in ((["acme"], None), (["acme"], "other"), (["acme"], "")):
        with pytest.raises(CommandError) as refused:
            run(*arguments, typed=typed)
        assert refused.value.returncode == 2
    acme.account.refresh_from_db()
    assert acme.account.s3_csv_telemetry
    assert run("acme", typed="acme")["slug"] == "acme"


def test_an_unknown_account_is_refused(db, run):
    with pytest.raises(CommandError, match='There is no account "acme"') as refused:
        run("acme", "--yes")
    assert refused.value.returncode == 2


def test_a_folder_that_holds_something_is_left_alone_and_nothing_is_deleted(acme: Tenant, run, tmp_path):
    (tmp_path / "theirs.txt").write_text("theirs")
    with pytest.raises(CommandError, match="is not empty"):
        run("acme", "--yes", f"--export={tmp_path}")
    assert [file.name for file in tmp_path.iterdir()] == ["theirs.txt"]
    assert acme.list_rows()["accounts_membership"]


def test_where_the_export_fails_nothing_is_deleted_and_it_can_be_done_again(
    acme: Tenant, run, tmp_path, monkeypatch
):
    folder = tmp_path / "acme"
    with monkeypatch.context() as patch:
        patch.setattr("offboarding.export.list_points", fail)
        with pytest.raises(CommandError, match="No space left") as failed:
            run("acme", "--yes", f"--export={folder}")
        assert failed.value.returncode == 1
    assert acme.list_rows()["telemetry_pointblock"]
    assert run("acme", "--yes", f"--export={folder}")["export"] == str(folder)
    assert (folder / "account.json").exists()


def fail(**_: object):
    raise OSError(28, "No space left on device")


def test_a_half_deleted_account_is_not_exported_as_if_it_were_whole(acme: Tenant, run, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(services, "_delete_telemetry", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            services.remove_account(
                account=acme.account, now=timezone.now(), export_to=tmp_path / "whole", report=lambda _: None
            )
    written = {file.name: file.read_bytes() for file in (tmp_path / "whole").iterdir()}
    with pytest.raises(CommandError, match="what is left is not whole"):
        run("acme", "--yes", f"--export={tmp_path / 'new'}")
    run("acme", "--yes", f"--export={tmp_path / 'whole'}")
    assert {file.name: file.read_bytes() for file in (tmp_path / "whole").iterdir()} == written
    assert not Account.objects.exists()
