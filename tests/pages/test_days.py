from __future__ import annotations

from datetime import date, timedelta

import pytest

from telemetry.models import SourceFile
from tests.pages.rows import NOON, make_telemetry, sign_in, store_file

DAY = date(2026, 5, 19)


@pytest.fixture
def client(account):
    return sign_in(account, "viewer")


def get(client, telemetry, day=DAY):
    return client.get(f"/settings/telemetry/{telemetry.public_id}/days/{day}/")


def test_a_days_number_leads_to_the_files_that_made_it(account, client):
    telemetry = make_telemetry(account)
    store_file(telemetry, "old.csv", {DAY: {("a", "b"): "1"}}, modified=NOON - timedelta(days=1))
    store_file(telemetry, "new.csv", {DAY: {("a", "b"): "1234.5", ("a", "c"): "1"}})
    page = get(client, telemetry).content.decode()
    for text in ("1,235.5", "old.csv", "etag-old.csv", "new.csv", "1,234.5", "No: newer files hold the same"):
        assert text in page
    assert page.count("No: newer files") == 1


def test_of_files_of_one_moment_the_page_names_the_one_whose_value_counts(account, client):
    """By bytes, as S3 compares keys, `a` comes after `B`, in whatever language the database sorts."""
    telemetry = make_telemetry(account)
    store_file(telemetry, "B.csv", {DAY: {("a", "b"): "7"}})
    store_file(telemetry, "a.csv", {DAY: {("a", "b"): "5"}})
    page = get(client, telemetry).content.decode()
    assert "<strong>5</strong>" in page
    assert page.index("a.csv") < page.index("B.csv") < page.index("No: newer files")


def test_the_files_of_a_day_say_how_many_of_their_rows_were_rejected(account, client):
    telemetry = make_telemetry(account)
    file = store_file(telemetry, "1.csv", {DAY: {("a", "b"): "1"}})
    SourceFile.objects.filter(pk=file.pk).update(rows_read=4322, rows_rejected=4321)
    page = get(client, telemetry).content.decode()
    assert "Rejected in the file" in page
    assert ">4,321<" in page


def test_where_values_add_up_every_file_counts(account, client):
    telemetry = make_telemetry(account, overlap="add")
    store_file(telemetry, "1.csv", {DAY: {("a", "b"): "1"}}, modified=NOON - timedelta(days=1))
    store_file(telemetry, "2.csv", {DAY: {("a", "b"): "2"}})
    page = get(client, telemetry).content.decode()
    assert "No: newer files" not in page
    assert "<strong>3</strong>" in page


def test_the_first_two_hundred_points_are_shown_and_the_rest_is_in_the_download(account, client):
    telemetry = make_telemetry(account, dimensions=["team"])
    store_file(telemetry, "1.csv", {DAY: {(f"team{number:03}",): "1" for number in range(201)}})
    page = get(client, telemetry).content.decode()
    assert "team199" in page
    assert "team200" not in page
    assert "The first 200 are shown" in page


@pytest.mark.parametrize("day", ["2026-05-18", "2026-02-30", "2026-5-19", "today"])
def test_a_day_without_data_or_that_is_none_is_not_found(account, client, day):
    telemetry = make_telemetry(account)
    store_file(telemetry, "1.csv", {DAY: {("a", "b"): "1"}})
    assert get(client, telemetry, day).status_code == 404
