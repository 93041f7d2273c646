"""Commands: with --account A, what B has is as what nobody has, to the letter."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from tests.pages.rows import make_account, make_endpoint, make_telemetry

NEW_TELEMETRY = ("--prefix", "p/", "--name", "n", "--date-column", "date", "--date-format", "yyyy-MM-dd")
COMMANDS = {
    "test_endpoint": ["Theirs"],
    "add_telemetry": ["--endpoint", "Theirs", *NEW_TELEMETRY, "--metric", "bytes"],
    "sync_telemetry": ["theirs"],
    "export_telemetry": ["theirs"],
    "list_telemetries": [],
    "add_endpoint": ["--name", "Theirs", "--role-arn", "arn:aws:iam::123456789012:role/X", "--bucket", "b-b"],
}


def say(command: str, arguments: list[str]) -> tuple[str, str, int | None]:
    """What is printed, and how it fails."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(command, *arguments, account="acme", stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), str(error), error.returncode
    return out.getvalue(), err.getvalue(), None


@pytest.mark.parametrize("command", COMMANDS)
def test_what_another_account_has_is_as_what_nobody_has(db, command):
    make_account("Acme")
    arguments = [*COMMANDS[command]]
    if command == "add_endpoint":
        arguments += ["--region", "no-such-region"]  # refused in both cases, and by nothing else
    before = say(command, arguments)
    zeta = make_account("Zeta")
    make_telemetry(zeta, "theirs", endpoint=make_endpoint(zeta, "Theirs"))

    assert say(command, arguments) == before
