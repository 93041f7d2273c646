"""What a page reads, keeps and answers follows what it shows: hundreds of long values, and many files."""

from __future__ import annotations

import csv
import errno
import io
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from importlib import import_module

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection, connections
from django.db.backends.signals import connection_created
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg.errors import QueryCanceled

from accounts.models import Account
from audit.models import Entry
from config.database import limit_web_process
from core.beginnings import LONGEST_SHOWN
from ingestion.models import FileDay, SourceFile
from telemetry.models import DailyTotal, Series, Telemetry
from telemetry.selectors import list_daily_totals, list_points
from telemetry.shown import FILES_SHOWN
from tests.markup import squeeze
from tests.pages.rows import NOON, make_run, make_run_file, make_telemetry, reject_rows, sign_in, store_file

DAY = date(2026, 5, 19)
VALUES, LENGTH = 210, 100_000  # 21 MB
LONG = [f"{number:03}" + "<" * (LENGTH - 3) for number in range(VALUES)]
MEGABYTE = 2**20


@pytest.fixture
def telemetry(account: Account) -> Telemetry:
    telemetry = make_telemetry(account, dimensions=["team"])
    store_file(telemetry, "1.csv", {DAY: {(value,): "1" for value in LONG}})
    return telemetry


@pytest.fixture
def client(account: Account) -> Client:
    return sign_in(account, "viewer")


@pytest.fixture
def measure() -> Iterator[Callable[[Callable], tuple[object, int]]]:
    """measure(call): what it gives, and how many bytes Python held at its peak beyond those before."""

    def peak_of(call: Callable[[], object]) -> tuple[object, int]:
        tracemalloc.start()
        try:
            found = call()
            return found, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return peak_of


def address(telemetry: Telemetry, rest: str = "") -> str:
    return f"/settings/telemetry/{telemetry.public_id}/{rest}"


def test_pages_have_beginnings_and_downloads_whole_values_both_in_bounded_memory(telemetry, client, measure):
    check_pages(telemetry, client, measure)
    check_download(telemetry, client, measure)
    check_django_admin(measure)
    assert [point.dimensions[0] for point in list_points(telemetry=telemetry)] == LONG


def check_pages(telemetry, client, measure) -> None:
    """The page of the day, the telemetry's, its chart, what htmx renews."""
    pages = {
        f"days/{DAY}/": {},
        "": {},
        f"?from={DAY}&to={DAY}&by=team": {},
        f"?from={DAY}&to={DAY}&by=team&page=1": {"HX-Request": "true"},
    }
    client.get(address(telemetry))  # templates are compiled, and stay
    for rest, headers in pages.items():
        client.get(address(telemetry, rest), headers=headers)
        answer, peak = measure(lambda r=rest, h=headers: client.get(address(telemetry, r), headers=h))
        assert (answer.status_code, len(answer.content) < MEGABYTE) == (200, True), rest
        assert peak < 8 * MEGABYTE, rest
    page = squeeze(client.get(address(telemetry, f"days/{DAY}/")))
    assert "000" + "&lt;" * (LONGEST_SHOWN - 3) + "…" in page
    assert "(the first 200 of 100,000 characters)" in page
    assert page.count("of 100,000 characters)") == 200


def check_download(telemetry, client, measure) -> None:
    def download() -> tuple[int, str]:
        answer = client.get(reverse("telemetry:points_csv", args=[telemetry.public_id]))
        assert answer.status_code == 200
        size, last = 0, b""
        for piece in answer.streaming_content:
            size, last = size + len(piece), piece
        assert size == int(answer["Content-Length"])
        return size, last.decode()

    (size, last), peak = measure(download)
    assert size > VALUES * LENGTH
    [*_rest, row] = csv.reader(io.StringIO(last))
    assert row[-1] == "1"
    assert peak < 16 * MEGABYTE


def check_django_admin(measure) -> None:
    operator = Client()
    operator.force_login(get_user_model().objects.create_superuser("root@ours.example", "correct horse"))
    one = Series.objects.first()
    operator.get("/admin/telemetry/series/")
    for page in ("/admin/telemetry/series/", f"/admin/telemetry/series/{one.pk}/change/"):
        answer, peak = measure(lambda p=page: operator.get(p))
        assert (answer.status_code, len(answer.content) < MEGABYTE) == (200, True)
        assert peak < 12 * MEGABYTE


def test_days_with_values_that_no_chart_shows_have_no_totals_by_them(account, client):
    """From the reader's sums, and where several files hold the day, from the points."""
    telemetry = make_telemetry(account, dimensions=["team"])
    store_file(telemetry, "1.csv", {DAY: {("x" * 1_001,): "1", ("y",): "1"}})
    by_team = DailyTotal.objects.filter(dimension=1)
    assert not by_team.exists()
    store_file(telemetry, "2.csv", {DAY: {("short",): "2"}}, modified=NOON + timedelta(hours=1))
    assert not by_team.exists()
    other = DAY - timedelta(days=1)
    store_file(telemetry, "3.csv", {other: {("x" * 1_000,): "2"}})
    assert by_team.get().dimension_value == "x" * 1_000
    page = squeeze(client.get(address(telemetry, f"?from={other}&to={DAY}&by=team")))
    assert "On 1 day the dimension has too many values, or too long ones" in page
    totals = list_daily_totals(telemetry=telemetry, date_from=DAY, date_to=DAY, dimension=1)
    assert len(totals) == 3


def test_the_files_of_a_day_are_counted_in_the_database_and_the_newest_shown(account, client):
    telemetry = make_telemetry(account, dimensions=["team"])
    store_file(telemetry, "old.csv", {DAY: {("a",): "1", ("b",): "1"}}, modified=NOON - timedelta(days=1))
    store_file(telemetry, "new.csv", {DAY: {("a",): "1"}})
    many = SourceFile.objects.bulk_create(
        SourceFile(
            source=telemetry,
            key=f"more-{number:03}.csv",
            etag="e",
            size=1,
            last_modified=NOON - timedelta(days=2),
            state="stored",
        )
        for number in range(FILES_SHOWN)
    )
    FileDay.objects.bulk_create(
        FileDay(source_file=file, source=telemetry, date=DAY, rows=1, value=0) for file in many
    )
    with CaptureQueriesContext(connection) as queries:
        page = squeeze(client.get(address(telemetry, f"days/{DAY}/")))
    assert f"The newest {FILES_SHOWN} of {FILES_SHOWN + 2} files are shown" in page
    assert page.index("etag-new.csv") < page.index("etag-old.csv") < page.index("more-099")
    assert page.count("No: newer files hold the same values") == FILES_SHOWN - 2
    assert len(queries) < 40


def test_rejected_rows_show_the_beginnings_of_their_cells(account, client):
    telemetry = make_telemetry(account, dimensions=["team"])
    file = make_run_file(make_run(telemetry), "1.csv")
    reject_rows(file, 120, reason="odd", cells={"date": "x" * 1_000, "team": "&" * 1_000, "requests": "-"})
    answer = client.get(address(telemetry, f"runs/{file.run.public_id}/"))
    assert len(answer.content) < MEGABYTE
    assert "of 1,000 characters)" in squeeze(answer)


def test_lists_are_counted_no_further_than_their_last_page(account, client, monkeypatch):
    monkeypatch.setattr("core.paging.MAX_COUNTED", 2)
    telemetry = make_telemetry(account)
    for day in range(3):
        make_run(telemetry, created_at=NOON - timedelta(days=day))
    page = squeeze(client.get(address(telemetry, "runs/")))
    assert "of more than 2" in page


def test_the_audit_log_and_members_have_pages(account):
    admin = sign_in(account, "admin")
    Entry.objects.bulk_create(
        Entry(at=NOON, account_id=account.pk, actor="a", action="x.y", object_name="n" * 200, via="page")
        for _ in range(60)
    )
    page = squeeze(admin.get(reverse("accounts:audit")))
    assert page.count("n" * 200) == 2 * 50  # the line, and what it opens
    assert admin.get(reverse("accounts:members")).status_code == 200


def test_a_page_that_the_database_has_given_up_says_what_to_ask_for_instead(account, client, monkeypatch):
    telemetry = make_telemetry(account)
    store_file(telemetry, "1.csv", {DAY: {("a", "b"): "1"}})

    def give_up(**_options: object) -> None:
        raise OperationalError from QueryCanceled()

    monkeypatch.setattr("telemetry.views.days.explain_day", give_up)
    answer = client.get(address(telemetry, f"days/{DAY}/"))
    assert answer.status_code == 503
    assert "Choose a shorter range of dates" in " ".join(squeeze(answer).split())


def test_a_download_is_bounded_in_bytes_and_in_time_and_gives_its_slot_back(account, client, settings):
    telemetry = make_telemetry(account)
    store_file(telemetry, "1.csv", {DAY: {("a", "b"): "1"}})
    settings.DOWNLOADS_AT_ONCE = settings.DOWNLOADS_OF_A_PROCESS = 1
    url = reverse("telemetry:points_csv", args=[telemetry.public_id])
    settings.DOWNLOAD_MAX_BYTES = 10
    answer = client.get(url)
    assert (answer.status_code, b"Choose a shorter range of dates" in answer.content) == (413, True)
    settings.DOWNLOAD_MAX_BYTES, settings.DOWNLOAD_SECONDS = 10_000, -1
    answer = client.get(url)
    assert (answer.status_code, b"took longer" in answer.content) == (503, True)
    settings.DOWNLOAD_SECONDS = 60
    running = client.get(url)
    assert running.status_code == 200
    settings.DOWNLOADS_AT_ONCE = 2
    assert b"Too many downloads" in client.get(url).content
    assert b"".join(running.streaming_content)
    assert client.get(url).status_code == 200


def test_a_full_disk_is_told_in_words(account, client, monkeypatch):
    telemetry = make_telemetry(account)

    def refuse(**_options: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr("core.spool.tempfile.TemporaryFile", refuse)
    answer = client.get(reverse("telemetry:points_csv", args=[telemetry.public_id]))
    assert (answer.status_code, b"no room for a download" in answer.content) == (503, True)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL's own time-outs")
def test_statements_and_idle_transactions_of_a_web_process_end(db, settings):
    settings.DATABASE_STATEMENT_SECONDS, settings.DATABASE_IDLE_SECONDS = 7, 8
    limit_web_process()
    fresh = connections.create_connection("default")
    try:
        with fresh.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('statement_timeout'),"
                " current_setting('idle_in_transaction_session_timeout')"
            )
            assert cursor.fetchone() == ("7s", "8s")
    finally:
        fresh.close()
        connection_created.disconnect(dispatch_uid="config.database")


def test_the_migration_drops_totals_of_days_with_long_values_and_no_others(account):
    telemetry = make_telemetry(account)
    kept = [(1, DAY, "short"), (0, DAY, ""), (2, DAY - timedelta(days=1), "x" * 1_000)]
    dropped = [(2, DAY, "x" * 1_001), (2, DAY, "beside it")]
    for dimension, day, value in [*kept, *dropped]:
        DailyTotal.objects.create(
            telemetry=telemetry, dimension=dimension, date=day, dimension_value=value, value=1
        )
    [operation] = import_module("telemetry.migrations.0008_totals_of_short_values").Migration.operations
    with connection.cursor() as cursor:
        cursor.execute(operation.sql)
    assert set(DailyTotal.objects.values_list("dimension", "date", "dimension_value")) == set(kept)
