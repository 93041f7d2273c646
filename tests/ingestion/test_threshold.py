"""Too many rejected rows: the file fails as a whole, what was stored stays, and the rows can be seen."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.services import add_member
from ingestion.models import RejectedRow, Run, SourceFile
from ingestion.read import TooManyRejected, check_rejects
from telemetry.models import DataPoint, Telemetry

HEADER = "date,team,requests\n"
GOOD, BAD, NO_NUMBER = "2024-05-01,core,5\n", "2024-05-01,core,-5\n", "2024-05-01,core,x\n"
State = Run.State


def allow(bench, percent) -> None:
    Telemetry.objects.filter(pk=bench.telemetry.pk).update(max_rejected_percent=percent)
    bench.telemetry.refresh_from_db()


@pytest.mark.parametrize(
    ("allowed", "rejected", "fails"),
    [
        (None, 100, False),
        (0, 0, False),
        (0, 1, True),
        ("12.5", 125, False),
        ("12.5", 126, True),
        (100, 1000, False),
    ],
)
def test_a_share_up_to_what_is_allowed_passes(allowed, rejected, fails):
    telemetry = Telemetry(
        kind="telemetry", max_rejected_percent=allowed if allowed is None else Decimal(allowed)
    )
    reasons = {"the metric is negative": rejected} if rejected else {}
    if fails:
        with pytest.raises(TooManyRejected):
            check_rejects(source=telemetry, rows_read=1000, reasons=reasons)
    else:
        check_rejects(source=telemetry, rows_read=1000, reasons=reasons)


def test_a_file_without_rows_passes_whatever_is_allowed():
    check_rejects(
        source=Telemetry(kind="telemetry", max_rejected_percent=Decimal(0)), rows_read=0, reasons={}
    )


def test_a_share_is_never_rounded_to_all_or_nothing():
    with pytest.raises(TooManyRejected, match=r"1 of 100,000 rows were rejected: 0\.01 %"):
        check_rejects(
            source=Telemetry(kind="telemetry", max_rejected_percent=Decimal(0)),
            rows_read=100_000,
            reasons={"odd": 1},
        )


def test_above_it_the_file_fails_as_a_whole_and_the_earlier_data_stay(bench):
    allow(bench, 25)
    bench.put("a.csv", HEADER + GOOD)
    bench.put("b.csv", HEADER + "2024-05-02,core,1\n")
    bench.sync()
    bench.put("a.csv", HEADER + "2024-05-01,core,7\n" + 2 * BAD + NO_NUMBER, minutes=5)
    run = bench.sync()
    assert (run.state, run.files_failed) == (State.INCOMPLETE, 1)
    assert (run.rows_read, run.rows_rejected) == (0, 0), "rows of a file that failed are not in"
    assert bench.points() == [("2024-05-01", "core", "5"), ("2024-05-02", "core", "1")]
    failed = SourceFile.objects.get(state="failed")
    assert (failed.rows_read, failed.rows_rejected) == (4, 3)
    assert not DataPoint.objects.filter(source_file=failed).exists()


def test_the_message_names_counts_share_and_the_most_frequent_reason(bench):
    allow(bench, "12.5")
    bench.put("a.csv", HEADER + GOOD + 2 * BAD + NO_NUMBER)
    message = bench.sync().files.get().message
    assert message.startswith("3 of 4 rows were rejected: 75.00 %, and this telemetry allows 12.5 %.")
    assert "Most often (2): the metric is negative." in message


def test_the_rejected_rows_of_a_failed_file_can_be_seen_and_downloaded_as_such(bench, client):
    allow(bench, 0)
    bench.put("a.csv", HEADER + GOOD + 2 * BAD + NO_NUMBER)
    run = bench.sync()
    assert RejectedRow.objects.filter(run_file__run=run).count() == 3
    member = add_member(account=bench.telemetry.account, email="a@b.example", role="viewer", password=None)[0]
    client.force_login(member.user)
    address = f"/settings/telemetry/{bench.telemetry.public_id}/runs/{run.public_id}/"
    page = client.get(address).content.decode()
    assert page.count("Failed file</span>") == 3
    assert "2 in failed files" in page
    download = b"".join(client.get(address + "rejected-rows.csv").streaming_content).decode().splitlines()
    assert download[1] == ('"usage/a.csv","failed","3","the metric is negative","2024-05-01","core","\'-5"')
    assert len(download) == 4


def test_the_mended_file_is_read_by_the_next_sync(bench):
    allow(bench, 0)
    bench.put("a.csv", HEADER + BAD)
    assert bench.sync().state == State.FAILED
    bench.put("a.csv", HEADER + GOOD, minutes=5)
    assert bench.sync().state == State.SUCCEEDED
    assert bench.points() == [("2024-05-01", "core", "5")]


def test_once_the_rule_is_mended_the_next_sync_reads_the_same_file(bench):
    allow(bench, 0)
    bench.put("a.csv", HEADER + GOOD + BAD)
    assert bench.sync().state == State.FAILED
    allow(bench, 50)
    assert bench.sync().state == State.SUCCEEDED_WITH_REJECTS
    assert bench.points() == [("2024-05-01", "core", "5")]


def test_the_share_is_set_on_the_edit_page_and_shown_with_the_configuration(bench, client):
    member = add_member(account=bench.telemetry.account, email="m@b.example", role="manager", password=None)[
        0
    ]
    client.force_login(member.user)
    address = f"/settings/telemetry/{bench.telemetry.public_id}/"
    assert "Any share of a file" in client.get(f"{address}configuration/").content.decode()
    fields = {"name": "A", "description": "", "dimensions": "team"}
    for wrong in ("101", "-1", "x", "1.234"):
        page = client.post(address + "edit/", {**fields, "max_rejected_percent": wrong}).content.decode()
        assert "enter a share from 0 to 100" in page
    client.post(address + "edit/", {**fields, "max_rejected_percent": "2.50"})
    assert "2.5 % of a file" in client.get(f"{address}configuration/").content.decode()
    client.post(address + "edit/", {**fields, "max_rejected_percent": ""})
    bench.telemetry.refresh_from_db()
    assert bench.telemetry.max_rejected_percent is None


def test_the_database_takes_no_other_share(bench):
    with pytest.raises(IntegrityError), transaction.atomic():
        allow(bench, 101)
