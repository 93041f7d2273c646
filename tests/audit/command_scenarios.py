"""Every command that changes something, and two that do not; and what the log says of it."""

from __future__ import annotations

from tests.audit.scenarios import Do, scenario, sign_in
from tests.audit.world import NEW_PASSWORD
from tests.standin import BUCKET, REGION, ROLE_ARN

ACME = ("--account", "acme")


def manage(command: str, *options: str, stdin: str = "") -> Do:
    return lambda w: w.run(command, *options, stdin=stdin)


COMMAND_SCENARIOS = [
    scenario(
        "add_endpoint",
        manage(
            "add_endpoint",
            *ACME,
            "--name=X",
            f"--role-arn={ROLE_ARN}",
            f"--bucket={BUCKET}",
            f"--region={REGION}",
        ),
        "endpoint.created",
    ),
    scenario("test_endpoint", manage("test_endpoint", "Exports", *ACME), "endpoint.tested"),
    scenario(
        "add_telemetry",
        manage(
            "add_telemetry",
            *ACME,
            "--endpoint=Exports",
            "--prefix=x/",
            "--name=X",
            "--date-column=date",
            "--date-format=yyyy-MM-dd",
            "--metric=clicks",
            "--unchecked",
        ),
        "telemetry.created",
    ),
    scenario("sync_telemetry", manage("sync_telemetry", "mentions", *ACME), "telemetry.sync_requested"),
    scenario(
        "change_telemetry",
        manage("change_telemetry", "mentions", *ACME, "--overlap=add"),
        "telemetry.sync_requested",
    ),
    scenario("list_telemetries", manage("list_telemetries", *ACME)),
    scenario("export_telemetry", manage("export_telemetry", "mentions", *ACME)),
    scenario("add_user", manage("add_user", "n@acme.example", *ACME, "--role=viewer"), "member.created"),
    scenario(
        "add_user: a known one",
        manage(
            "add_user", "vera@acme.example", *ACME, "--role=manager", "--password-stdin", stdin=NEW_PASSWORD
        ),
        "member.changed",
        "person.password_changed",
    ),
    scenario(
        "remove_account",
        manage("remove_account", "acme", "--yes"),
        "account.deactivated",
        "account.removal_started",
        "telemetry.deleted",
        "endpoint.deleted",
        "account.removed",
    ),
    scenario(
        "unlock_sign_in",
        lambda w: (sign_in("wrong")(w), w.run("unlock_sign_in", w.admin.email)),
        "person.unlocked",
    ),
    scenario(
        "remove_second_factor",
        lambda w: (w.set_up_factor(), w.run("remove_second_factor", w.admin.email)),
        "person.second_factor_set_up",
        "person.second_factor_removed",
    ),
]
