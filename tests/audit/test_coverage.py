"""Whatever changes something is in the log once, by whichever way it was done, and no secret is."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from django.contrib import admin
from django.core.management import get_commands
from django.forms.models import model_to_dict
from django.test import RequestFactory

from accounts.models import User
from audit.admin import AuditedAdmin
from audit.models import Entry
from audit.origin import get_system_user
from tests.audit.admin_scenarios import ADMIN_SCENARIOS
from tests.audit.command_scenarios import COMMAND_SCENARIOS
from tests.audit.page_scenarios import PAGE_SCENARIOS
from tests.audit.scenarios import Scenario
from tests.audit.world import AGENT, NEW_PASSWORD, World, make_world

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("accounts", "commandline", "endpoints", "telemetry", "ingestion", "offboarding")
# Commands that make what the tests begin with, run the demo, or are of no account (tests/test_retention.py).
OTHER_COMMANDS = {"add_account", "demo", "prune", "grant_access", "createsuperuser", "changepassword"}
# Functions that record nothing themselves: who does, or why nobody does.
NOT_RECORDED_HERE = {
    "accounts.services.check_password": "writes nothing",
    "accounts.services.deactivate": "the admin page, which calls it",
    "endpoints.services.run_endpoint_test": "run_connection_test",
    "endpoints.services.save_result": "record_test",
    "endpoints.services.hold_test_slot": "writes nothing",
    "endpoints.services.forget_test": "update_endpoint",
    "endpoints.services.check_location_unchanged": "writes nothing",
    "endpoints.services.connection_of": "writes nothing",
    "telemetry.services.get_mapping": "writes nothing",
    "telemetry.wizard.services.start_draft": "a draft is its person's own",
    "telemetry.wizard.services.save_answers": "a draft is its person's own",
    "telemetry.wizard.services.sample_again": "a draft is its person's own",
    "telemetry.wizard.services.discard_draft": "a draft is its person's own",
    "telemetry.wizard.services.create_from_draft": "create_telemetry",
    "ingestion.services.deactivate": "_set_status",
    "ingestion.services.activate": "_set_status",
    "telemetry.services.update_telemetry": "_record_change",
    "endpoints.services.update_endpoint": "_record_change",
    "ingestion.services.request_sync": "create_run",
    "ingestion.services.request_run": "create_run",
    "telemetry.services.check_choice_of_columns": "writes nothing",
    "telemetry.services.check_dimensions": "writes nothing",
    "telemetry.services.write_dimensions": "create_run, which was asked for the change",
    "offboarding.services.deactivate_account": "_close",
    "offboarding.services.remove_account": "_start, _finish, and delete_telemetry, delete_endpoint",
    "offboarding.services.find_start": "writes nothing",
    "ingestion.services.start_due_syncs": "the clock did it",
    "ingestion.services.recover_lost_runs": "the clock did it",
}


@pytest.fixture
def world(standin, db) -> World:
    return make_world(standin)


@pytest.fixture(autouse=True)
def in_empty_cache(settings, tmp_path):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def carry_out(scenario: Scenario, world: World) -> list[Entry]:
    newest = Entry.objects.latest("pk").pk
    scenario.does(world)
    return list(Entry.objects.filter(pk__gt=newest).order_by("pk"))


def check(scenario: Scenario, world: World, *, via: str) -> list[Entry]:
    entries = carry_out(scenario, world)
    assert tuple(entry.action for entry in entries) == scenario.actions
    text = json.dumps([model_to_dict(entry) for entry in entries], default=str)
    assert [secret for secret in world.secrets if secret in text] == []
    for entry in entries:
        of_a_person = entry.action.startswith(("person.", "identity."))
        assert entry.account_id == (None if of_a_person else world.account.pk)
        assert entry.object_name
        if "second_factor_set_up" not in entry.action and len(entries) == 1:
            assert entry.via == via
    return entries


@pytest.mark.parametrize("scenario", PAGE_SCENARIOS, ids=lambda scenario: scenario.name)
def test_what_pages_change(scenario, world):
    entry = check(scenario, world, via="page")[-1]
    at_the_door = entry.action == "person.locked_out"
    assert entry.actor == ("" if at_the_door else world.admin.email)
    assert entry.agent == AGENT
    assert entry.address in ("127.0.0.1", "192.0.2.7")


@pytest.mark.parametrize("scenario", COMMAND_SCENARIOS, ids=lambda scenario: scenario.name)
def test_what_commands_change(scenario, world):
    for entry in check(scenario, world, via="command")[-1:]:
        name = scenario.name.split(":")[0]
        assert (entry.via, entry.actor, entry.agent) == ("command", get_system_user(), f"manage.py {name}")


@pytest.mark.parametrize("scenario", ADMIN_SCENARIOS, ids=lambda scenario: scenario.name)
def test_what_django_admin_changes(scenario, world):
    for entry in check(scenario, world, via="administration"):
        assert (entry.via, entry.actor) == ("administration", "ops@denominator.example")


def test_djangos_own_commands_for_people_are_in_the_log_too(world, monkeypatch):
    world.run("createsuperuser", "--noinput", "--email=boss@denominator.example")
    monkeypatch.setattr(
        "django.contrib.auth.management.commands.changepassword.getpass.getpass", lambda **_: NEW_PASSWORD
    )
    world.run("changepassword", world.admin.email)
    created, changed = Entry.objects.order_by("-pk")[:2][::-1]

    assert (created.action, created.object_name, created.account_id) == (
        "person.created",
        "boss@denominator.example",
        None,
    )
    assert created.after["is_superuser"] is True
    assert (changed.action, changed.object_name, changed.account_id) == (
        "person.password_changed",
        world.admin.email,
        None,
    )
    assert {created.agent, changed.agent} == {"manage.py createsuperuser", "manage.py changepassword"}


def test_an_account_is_in_its_own_log(world):
    first = Entry.objects.earliest("pk")

    assert (first.action, first.account_id) == ("account.created", world.account.pk)
    assert first.after == {
        "name": "Acme",
        "slug": "acme",
        "s3_csv_telemetry": True,
        "second_factor_required": False,
    }


def test_an_entry_says_what_was_before_and_after_of_what_changed_alone(world):
    world.post(f"/settings/members/{world.member.public_id}/", role="manager")
    entry = Entry.objects.latest("pk")

    assert (entry.before, entry.after) == ({"role": "viewer"}, {"role": "manager"})
    assert entry.object_id == str(world.member.public_id)


def test_a_save_that_changes_nothing_is_no_entry(world):
    newest = Entry.objects.latest("pk").pk
    world.post(f"/settings/members/{world.member.public_id}/", role="viewer")

    assert Entry.objects.latest("pk").pk == newest


def test_what_fails_leaves_no_entry(world, monkeypatch):
    newest = Entry.objects.latest("pk").pk
    monkeypatch.setattr("endpoints.services._save", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        world.run("add_endpoint", "--account=acme", "--name=X", "--role-arn=arn:aws:iam::123456789012:role/R",
                  "--bucket=acme-exports", "--region=eu-west-1")  # fmt: skip

    assert Entry.objects.latest("pk").pk == newest


def test_every_command_is_in_the_table():
    ours = {name for name, app in get_commands().items() if app in (*APPS, "demo")}

    assert ours == {scenario.name.split(":")[0] for scenario in COMMAND_SCENARIOS} | OTHER_COMMANDS


def test_every_page_of_django_admin_that_can_change_something_is_audited_and_in_the_table():
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    changing = {
        model._meta.model_name: page
        for model, page in admin.site._registry.items()
        if any(
            allows(request)
            for allows in (page.has_add_permission, page.has_change_permission, page.has_delete_permission)
        )
    }

    assert [name for name, page in changing.items() if not isinstance(page, AuditedAdmin)] == []
    assert set(changing) == {scenario.name.split(":")[0] for scenario in ADMIN_SCENARIOS}


def test_every_function_of_the_services_records_or_says_who_does():
    """A new service is noticed here: it calls `record…` itself, or is in the list above with the reason."""
    modules = [path for app in APPS for path in (ROOT / app).rglob("services.py")]
    missing = []
    for path in modules:
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            calls = {ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
            if not any(call.startswith("record") for call in calls):
                missing.append(f"{module}.{node.name}")

    assert set(missing) == set(NOT_RECORDED_HERE)


def test_no_model_lets_a_secret_into_the_log():
    forbidden = ("password", "secret", "external_id", "token", "digest", "session", "key", "subject")
    models = [model for model in admin.site._registry if hasattr(model, "audited")]

    assert models
    assert [
        f"{model.__name__}.{name}" for model in models for name in model.audited if name.startswith(forbidden)
    ] == []


def test_a_persons_own_name_stays_out_of_the_accounts_logs(world):
    """It may have been given in another account, and would tell that the address was known there."""
    fields = {"email": world.admin.email, "name": "Given elsewhere", "is_active": "on"}
    world.post_to_admin(f"accounts/user/{world.admin.pk}/change/", **fields)
    entry = Entry.objects.latest("pk")

    assert (entry.action, entry.before, entry.after) == ("person.changed", {}, {})
