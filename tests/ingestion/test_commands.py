"""The commands from an empty account to exported data, as scripts call them, on the real sample."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from demo.standin import StandIn
from endpoints.models import S3Endpoint
from telemetry.models import Telemetry
from telemetry.models.drafts import TelemetryDraft
from telemetry.selectors import list_dimensions
from tests.standin import BUCKET, REGION, ROLE_ARN, trust

SAMPLES = Path(__file__).parents[2] / "demo" / "samples"
HEADER = "date,team,requests\n"
REQUESTS = (
    *("--prefix", "usage/", "--name", "Requests", "--date-column", "date"),
    *("--date-format", "yyyy-MM-dd", "--metric", "requests"),
)


def run(*arguments: str) -> tuple[dict, int]:
    """A command with --json: the object on standard output, and the exit code."""
    out, code = io.StringIO(), 0
    try:
        call_command(*arguments, "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as stopped:
        code = stopped.code
    return json.loads(out.getvalue()), code


def export(*arguments: str) -> list[dict[str, str]]:
    out = io.StringIO()
    call_command("export_telemetry", *arguments, "--account", "acme", stdout=out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


@pytest.fixture
def acme(standin: StandIn, db: None) -> StandIn:
    """An account and an endpoint, made by the commands; the role is set up by the external ID they gave."""
    run("add_account", "Acme", "--slug", "acme")
    endpoint = ("--name", "Exports", "--role-arn", ROLE_ARN, "--bucket", BUCKET, "--region", REGION)
    made, code = run("add_endpoint", "--account", "acme", *endpoint)
    assert code == 0
    trust(standin, S3Endpoint.objects.get(), external_id=made["external_id"])
    return standin


def add_telemetry(*arguments: str) -> dict:
    made, code = run("add_telemetry", "--account", "acme", "--endpoint", "Exports", *arguments)
    assert code == 0
    return made


def add_requests() -> None:
    add_telemetry(
        *("--prefix", "usage/", "--name", "Requests", "--date-column", "date"),
        *("--date-format", "yyyy-MM-dd", "--dimension", "team", "--metric", "requests", "--unchecked"),
    )


def put_folder(standin: StandIn, name: str) -> list[Path]:
    files = sorted((SAMPLES / name).glob("*.csv"))
    for file in files:
        standin.put_object(BUCKET, f"{name}/{file.name}", file.read_bytes())
    return files


def test_company_mentions_come_back_value_for_value(acme):
    files = put_folder(acme, "company_mentions")
    made = add_telemetry(
        *("--prefix", "company_mentions/", "--name", "Mentions", "--date-column", "date"),
        *("--date-format", "yyyy-MM-dd", "--dimension", "company", "--dimension", "sector"),
        *("--metric", "mentions"),
    )
    assert made == {"identifier": "mentions", "status": "active"}
    synced, code = run("sync_telemetry", "--account", "acme", "mentions")
    assert code == 0
    result = synced["runs"][0]
    assert (result["state"], result["files_read"], result["rows_read"]) == ("succeeded", 57, 570)
    assert (result["rows_rejected"], result["points_written"], len(result["files"])) == (0, 570, 57)

    expected = [row for file in files for row in csv.DictReader(file.open(encoding="utf-8", newline=""))]
    exported = export("mentions")
    assert list(exported[0]) == ["date", "company", "sector", "mentions"]
    assert Counter(map(to_items, exported)) == Counter(map(to_items, expected))
    assert exported == sorted(exported, key=lambda row: (row["date"], row["company"], row["sector"]))
    assert sum(int(row["mentions"]) for row in exported) == 3_224_439


def to_items(row: dict[str, str]) -> tuple:
    return tuple(sorted(row.items()))


def test_taxi_passengers_come_back_with_their_dates_understood(acme):
    put_folder(acme, "taxi_passengers")
    add_telemetry(
        *("--prefix", "taxi_passengers/", "--name", "Taxi", "--date-column", "day"),
        *("--date-format", "MM/d/yyyy", "--metric", "passengers"),
    )
    _, code = run("sync_telemetry", "--account", "acme", "--all")
    assert code == 0
    exported = export("passengers")
    assert exported[0] == {"day": "2014-07-01", "passengers": "745967"}
    assert len(exported) == 215
    assert sum(Decimal(row["passengers"]) for row in exported) == 156_219_716
    assert export("passengers", "--from", "2014-07-02", "--to", "2014-07-02") == [
        {"day": "2014-07-02", "passengers": "733640"}
    ]


def test_list_telemetries_says_what_there_is(acme):
    add_requests()
    listed, code = run("list_telemetries", "--account", "acme")
    assert code == 0
    first = listed["telemetries"][0]
    assert (first["identifier"], first["name"], first["status"]) == ("requests", "Requests", "active")


def test_a_second_sync_reads_nothing(acme):
    add_requests()
    acme.put_object(BUCKET, "usage/a.csv", HEADER + "2024-05-01,core,5\n")
    run("sync_telemetry", "--account", "acme", "requests")
    result = run("sync_telemetry", "--account", "acme", "requests")[0]["runs"][0]
    assert (result["files_read"], result["files_unchanged"], result["files"]) == (0, 1, [])


def test_rejected_rows_exit_0_and_failed_files_exit_1_with_the_json_in_both_cases(acme):
    add_requests()
    acme.put_object(BUCKET, "usage/a.csv", HEADER + "2024-05-01,core,5\n2024-05-01,core,-5\n")
    result, code = run("sync_telemetry", "--account", "acme", "requests")
    assert (code, result["runs"][0]["state"]) == (0, "succeeded_with_rejects")
    acme.put_object(BUCKET, "usage/b.csv", "date,te am\n")
    result, code = run("sync_telemetry", "--account", "acme", "requests")
    assert (code, result["runs"][0]["state"]) == (1, "incomplete")
    failed = result["runs"][0]["files"][0]
    assert (failed["key"], failed["state"]) == ("usage/b.csv", "failed")
    assert '"te am"' in failed["message"]


def test_a_run_left_by_a_killed_process_is_taken_over(acme, settings):
    settings.RUN_HEARTBEAT_SECONDS = 0
    add_requests()
    acme.put_object(BUCKET, "usage/a.csv", HEADER + "2024-05-01,core,5\n")
    from django.utils import timezone

    from ingestion.leases import claim_run
    from ingestion.services import create_run
    from telemetry.models import Telemetry

    left, _ = create_run(source=Telemetry.objects.get(), trigger="manual", now=timezone.now())
    claim_run(run_id=left.pk, clock=timezone.now)
    result, code = run("sync_telemetry", "--account", "acme", "requests")
    assert (code, result["runs"][0]["files_unchanged"]) == (0, 1)
    left.refresh_from_db()
    assert left.state == "succeeded"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("sync_telemetry", "--account", "acme"), 2, "Name the telemetries to sync, or say --all."),
        (("sync_telemetry", "--account", "acme", "nope"), 2, "no telemetry 'nope'. It has: requests."),
        (("sync_telemetry", "--account", "nobody", "--all"), 2, 'no account "nobody". Check --account'),
        (
            ("export_telemetry", "requests", "--account", "acme", "--from", "1.5.2024"),
            2,
            "--from: '1.5.2024'",
        ),
        (("export_telemetry", "nope", "--account", "acme"), 2, "no telemetry 'nope'"),
    ],
)
def test_wrong_arguments_are_told_with_the_remedy(acme, arguments, code, says):
    add_requests()
    with pytest.raises(CommandError, match=says) as raised:
        call_command(*arguments, "--json", stdout=io.StringIO())
    assert raised.value.returncode == code


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"--date-format": "dd.MM.yyyy"}, "--date-format: 'dd.MM.yyyy' is none of"),
        ({"--metric": "date"}, "--metric: date is selected twice"),
        ({"--metric": "two words"}, "--metric: Column names must not contain spaces"),
        ({"--prefix": ""}, "--prefix: Enter the prefix of your CSV files"),
        ({"--prefix": "nowhere/"}, "--prefix: No file in bucket .* has a key that begins with nowhere/"),
        ({"--prefix": "s3://acme-exports/usage/"}, "--prefix: .* was read as the prefix usage/ of"),
        ({"--prefix": "/usage/"}, "--prefix: No file .* enter usage/, without the slash at its beginning"),
        ({"--prefix": "usage/notes"}, "--prefix: 1 file matches; none is a usable CSV. Ignored under"),
        (
            {"--prefix": "usage-torn"},
            "--prefix: usage-torn.csv: The header row has a quote that is not closed",
        ),
        ({"--prefix": "usage-bare"}, "--prefix: No row could be read from the newest files"),
        ({"--date-column": "day"}, "--date-column: The sampled files have no column day"),
        ({"--date-format": "MM/d/yyyy"}, "--date-format: 2 of 2 sampled rows of date are not in the format"),
        ({"--dimension": "region"}, "--dimension: The sampled files have no column region"),
        ({"--metric": "team"}, "--metric: 2 of 2 sampled values of team cannot be used"),
        ({"--metric": "Requests"}, "--metric: The sampled files have no column Requests"),
        ({"--endpoint": "Nowhere"}, "no endpoint 'Nowhere'. Create it with"),
    ],
)
def test_a_telemetry_that_cannot_be_is_refused_argument_by_argument(acme, changes, says):
    values = {
        "--account": "acme",
        "--endpoint": "Exports",
        "--prefix": "usage/",
        "--name": "Requests",
        "--date-column": "date",
        "--date-format": "yyyy-MM-dd",
        "--metric": "requests",
        **changes,
    }
    acme.put_object(BUCKET, "usage/a.csv", HEADER + "2024-05-01,core,5\n2024-05-02,core,6\n")
    acme.put_object(BUCKET, "usage/notes.txt", "read me")
    acme.put_object(BUCKET, "usage-torn.csv", '"date,team\n')
    acme.put_object(BUCKET, "usage-bare.csv", HEADER)
    with pytest.raises(CommandError, match=says) as raised:
        call_command("add_telemetry", *[part for pair in values.items() for part in pair])
    assert raised.value.returncode == 2
    assert not Telemetry.objects.exists()


def test_what_cannot_be_read_is_said_before_a_telemetry_is_made_of_it(acme):
    acme.fail("list", "deny")
    with pytest.raises(CommandError, match=r"--prefix: The role .* may not list") as raised:
        call_command("add_telemetry", "--account", "acme", "--endpoint", "Exports", *REQUESTS)
    assert raised.value.returncode == 2
    assert "--unchecked" in str(raised.value)
    acme.clear_faults()
    acme.put_object(BUCKET, "usage/a.csv", HEADER + "2024-05-01,core,5\n")
    acme.fail("get", "deny")
    with pytest.raises(CommandError, match=r"may not read usage/a\.csv") as raised:
        call_command("add_telemetry", "--account", "acme", "--endpoint", "Exports", *REQUESTS)
    assert raised.value.returncode == 1
    assert not Telemetry.objects.exists()


def test_dates_that_may_have_the_day_first_are_asked_about(acme):
    acme.put_object(BUCKET, "usage/a.csv", "date,requests\n01/03/2024,5\n02/03/2024,6\n")
    arguments = [*REQUESTS]
    arguments[arguments.index("yyyy-MM-dd")] = "MM/d/yyyy"
    with pytest.raises(
        CommandError, match=r"--date-format: Answer the question: Is .* or .* Mar 2024"
    ) as raised:
        call_command("add_telemetry", "--account", "acme", "--endpoint", "Exports", *arguments)
    assert "--month-first" in str(raised.value)
    assert not Telemetry.objects.exists()
    add_telemetry(*arguments, "--month-first")


def test_an_unchecked_telemetry_is_made_without_a_look_into_the_bucket(acme):
    asked = len(acme.app.seen)
    add_telemetry(*REQUESTS, "--unchecked")
    assert len(acme.app.seen) == asked
    assert Telemetry.objects.get().identifier == "requests"


def test_keys_that_begin_with_a_slash_are_read_by_the_prefix_as_it_was_given(acme):
    acme.put_object(BUCKET, "/usage/a.csv", HEADER + "2024-05-01,core,5\n")
    add_telemetry(
        *("--prefix", "/usage/", "--name", "Requests", "--date-column", "date"),
        *("--date-format", "yyyy-MM-dd", "--metric", "requests"),
    )
    result, code = run("sync_telemetry", "--account", "acme", "--all")
    assert (code, result["runs"][0]["files"][0]["key"]) == (0, "/usage/a.csv")


def test_a_checked_telemetry_keeps_its_dimensions_in_the_order_they_were_given(acme):
    acme.put_object(BUCKET, "usage/a.csv", "date,team,region,requests\n2024-05-01,core,eu,5\n")
    add_telemetry(*REQUESTS, "--dimension", "region", "--dimension", "team")
    assert list_dimensions(telemetry=Telemetry.objects.get()) == ["region", "team"]
    assert not TelemetryDraft.objects.exists()


def test_the_reference_documents_spelling_of_the_last_date_format_is_taken(acme):
    acme.put_object(BUCKET, "usage/a.csv", "date,requests\n2024-05-01T00:00:00Z,5\n")
    add_telemetry(
        *("--prefix", "usage/", "--name", "Requests", "--date-column", "date"),
        *("--date-format", "yyyy-MM-dd'T'00:00:00'Z", "--metric", "requests"),
    )


def test_an_identifier_is_unique_in_the_account(acme):
    add_requests()
    with pytest.raises(CommandError, match="--metric: A telemetry with this identifier exists already"):
        add_requests()
