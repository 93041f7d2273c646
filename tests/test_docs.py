"""The documents are held to the code: settings, commands, tables."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from docs import pictures
from docs.configuration import PAGE, list_variables, render_page
from telemetry.wizard.steps import STEPS
from tests.routes import list_routes

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
READ_ELSEWHERE = {"DEMO_DIR"}  # by the demo, before there are settings
COMMANDS = [
    "add_account",
    "add_endpoint",
    "add_telemetry",
    "add_user",
    "change_telemetry",
    "demo",
    "export_telemetry",
    "grant_access",
    "list_telemetries",
    "prune",
    "remove_second_factor",
    "sync_telemetry",
    "test_endpoint",
    "unlock_sign_in",
]


def list_settings_read() -> set[str]:
    """The names that config/ reads from the environment: the first argument of env.something("NAME")."""
    names = set()
    for path in (ROOT / "config").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("env."):
                first = node.args[0]
                names |= {first.value} if isinstance(first, ast.Constant) else set()
    return names


def list_make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", text, flags=re.MULTILINE))


def test_the_example_environment_lists_every_setting_and_no_other() -> None:
    listed = [variable.name for variable in list_variables()]
    assert len(listed) == len(set(listed))
    assert set(listed) == list_settings_read() | READ_ELSEWHERE


def test_the_environment_is_read_in_the_settings_alone_but_for_the_sdks_own_address() -> None:
    apps = [path.parent for path in ROOT.glob("*/apps.py") if path.parent.name not in {"demo", "config"}]
    readers = [
        path
        for app in apps
        for path in app.rglob("*.py")
        if re.search(r"os\.(environ|getenv)", path.read_text(encoding="utf-8"))
    ]
    assert readers in ([], [ROOT / "endpoints" / "storage.py"])


def test_the_page_of_configuration_is_the_example_environment() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_page(), "run: python -m docs.configuration"


@pytest.mark.parametrize("target", ["setup", "demo", "test", "lint", "bench"])
def test_the_readme_and_the_makefile_know_every_command(target: str) -> None:
    assert target in list_make_targets()
    assert f"make {target}" in README


def test_the_readme_names_no_make_target_that_does_not_exist() -> None:
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE)) <= list_make_targets()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_takes_json_and_says_what_it_does(name: str) -> None:
    command = load_command_class(get_commands()[name], name)
    assert command.help
    assert "--json" in command.create_parser("manage.py", name).format_help()


@pytest.mark.parametrize("name", COMMANDS)
def test_help_lists_what_a_command_takes_before_what_every_command_of_django_takes(name: str) -> None:
    command = load_command_class(get_commands()[name], name)
    ours, djangos = command.create_parser("manage.py", name).format_help().split("options of every Django")
    ours = ours.split("\noptions:")[1]
    assert "--json" in ours
    assert not re.search(r"--(version|verbosity|settings|traceback|no-color)", ours)
    assert "--json" not in djangos
    assert "--settings" in djangos


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_names_every_command(name: str) -> None:
    assert f"manage.py {name}" in README


def test_files_that_the_documents_link_to_exist() -> None:
    missing = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert missing == []


def test_every_route_has_a_picture_or_a_reason_why_not() -> None:
    routes = {name for name, _ in list_routes()} | {"style"}  # which is there in development only
    pictured = {route for found in pictures.ROUTES.values() for route in found}
    assert pictured & set(pictures.NO_PAGE) == set()
    assert pictured | set(pictures.NO_PAGE) == routes, "add the page to docs/pictures.py"


def test_every_step_of_the_wizard_and_every_page_of_an_error_has_a_picture() -> None:
    steps = pictures.ROUTES["Adding a telemetry"]["telemetry:step"]
    assert list(steps) == [f"wizard-{step.slug}" for step in STEPS]
    assert set(pictures.ERRORS) == {path.name for path in (ROOT / "templates").glob("[45]*.html")}


def test_the_readme_shows_the_pictures_that_the_repository_keeps() -> None:
    """Six: all others are taken when they are wanted, into an ignored folder."""
    shown = set(re.findall(r"docs/images/([\w-]+\.png)", README))
    assert shown == {path.name for path in (ROOT / "docs" / "images").iterdir()} == pictures.KEPT


def test_every_app_is_in_the_import_contract_and_in_the_readme() -> None:
    contract = (ROOT / ".importlinter").read_text(encoding="utf-8").split("layers =")[1]
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert apps <= set(re.findall(r"\w+", contract))
    assert apps <= set(re.findall(r"`(\w+)/`", README))
