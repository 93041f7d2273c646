from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from ingestion.models import SourceFile
from tests.markup import squeeze
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
    page = squeeze(get(client, telemetry))
    for text in ("1,235.5", "old.csv", "etag-old.csv", "new.csv", "1,234.5", "No: newer files hold the same"):
        assert text in page
    assert page.count("No: newer files") == 1


def test_of_files_of_one_moment_the_page_names_the_one_whose_value_counts(account, client):
    """By bytes, as S3 compares keys, `a` comes after `B`, in whatever language the database sorts."""
    telemetry = make_telemetry(account)
    store_file(telemetry, "B.csv", {DAY: {("a", "b"): "7"}})
    store_file(telemetry, "a.csv", {DAY: {("a", "b"): "5"}})
    page = squeeze(get(client, telemetry)).replace("<wbr>", "")
    assert "<strong>5</strong>" in page
    assert page.index(">a.csv") < page.index(">B.csv") < page.index("No: newer files")


def test_the_files_of_a_day_say_how_many_of_their_rows_were_rejected(account, client):
    telemetry = make_telemetry(account)
    file = store_file(telemetry, "1.csv", {DAY: {("a", "b"): "1"}})
    SourceFile.objects.filter(pk=file.pk).update(rows_read=4322, rows_rejected=4321)
    page = squeeze(get(client, telemetry))
    assert "Rejected in the file" in page
    assert ">4,321<" in page


def test_where_values_add_up_every_file_counts(account, client):
    telemetry = make_telemetry(account, overlap="add")
    store_file(telemetry, "1.csv", {DAY: {("a", "b"): "1"}}, modified=NOON - timedelta(days=1))
    store_file(telemetry, "2.csv", {DAY: {("a", "b"): "2"}})
    page = squeeze(get(client, telemetry))
    assert "No: newer files" not in page
    assert "<strong>3</strong>" in page


def test_the_first_two_hundred_points_are_shown_and_the_rest_is_in_the_download(account, client):
    telemetry = make_telemetry(account, dimensions=["team"])
    store_file(telemetry, "1.csv", {DAY: {(f"team{number:03}",): "1" for number in range(201)}})
    page = squeeze(get(client, telemetry))
    assert "team199" in page
    assert "team200" not in page
    assert "The first 200 are shown" in page


@pytest.mark.parametrize("day", ["2026-05-18", "2026-02-30", "2026-5-19", "today"])
def test_a_day_without_data_or_that_is_none_is_not_found(account, client, day):
    telemetry = make_telemetry(account)
    store_file(telemetry, "1.csv", {DAY: {("a", "b"): "1"}})
    assert get(client, telemetry, day).status_code == 404


def test_points_are_grouped_with_subtotals_and_sorted(account, client):
    telemetry = make_telemetry(account)
    values = {("b", "x"): "1", ("a", "x"): "9", ("a", "y"): "10", ("b", "y"): "20.5"}
    store_file(telemetry, "1.csv", {DAY: values})
    url = f"/settings/telemetry/{telemetry.public_id}/days/{DAY}/"

    def numbers(query: str) -> list[str]:
        page = squeeze(client.get(url + query))
        table = page[page.index('id="day-points"') :]
        return re.findall(r'class="number">(?:<strong>)?([\d.]+)<', table)

    assert numbers("") == ["9", "10", "1", "20.5"]
    assert numbers("?sort=-value") == ["20.5", "10", "9", "1"]
    assert numbers("?group=team") == ["19", "9", "10", "21.5", "1", "20.5"]
    assert numbers("?group=team&sort=-value") == ["21.5", "20.5", "1", "19", "10", "9"]
    assert numbers("?group=env&sort=value") == ["10", "1", "9", "30.5", "10", "20.5"]
    assert numbers("?group=nothing&sort=x") == ["9", "10", "1", "20.5"]


def test_values_that_begin_alike_and_come_to_the_same_have_a_subtotal_each(account, client):
    """A page has their beginnings alone: one subtotal over both would be half of what its points come to."""
    telemetry = make_telemetry(account, dimensions=["team", "env"])
    long = "x" * 300
    points = {(long + end, env): value for end in "ab" for env, value in (("p", "1"), ("q", "2"))}
    store_file(telemetry, "1.csv", {DAY: points})
    for query in ("?group=team", "?group=team&sort=-value"):
        groups = client.get(f"/settings/telemetry/{telemetry.public_id}/days/{DAY}/{query}").context["groups"]
        found = [(group.subtotal, sum(point.value for point in group.points)) for group in groups]
        assert found == [(3, 3), (3, 3)]


def test_a_day_leads_to_those_before_and_after_with_data(account, client):
    telemetry = make_telemetry(account)
    days = [DAY - timedelta(days=5), DAY, DAY + timedelta(days=1)]
    store_file(telemetry, "1.csv", {day: {("a", "b"): "1"} for day in days})
    url = f"/settings/telemetry/{telemetry.public_id}/days/"
    page = squeeze(client.get(f"{url}{DAY}/?group=team"))
    assert f'rel="prev" href="{url}{days[0]}/?group=team"' in page
    assert f'rel="next" href="{url}{days[2]}/?group=team"' in page
    assert 'rel="next"' not in squeeze(get(client, telemetry, days[2]))


def test_a_file_shows_its_history_and_its_rejected_rows_of_the_day(account, client):
    telemetry = make_telemetry(account)
    earlier = {DAY: {("a", "b"): "1", ("a", "c"): "2"}}
    store_file(telemetry, "1.csv", earlier, modified=NOON - timedelta(days=1))
    assert ">History<" not in squeeze(get(client, telemetry))
    store_file(telemetry, "1.csv", {DAY: {("a", "b"): "1", ("bad", ""): "x"}})
    page = squeeze(get(client, telemetry))
    assert "1 of this date" in page
    assert "replaced since, 2 rows read" in page
