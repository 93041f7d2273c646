from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Account
from telemetry.models import Telemetry
from tests.markup import squeeze
from tests.pages.rows import make_account, make_endpoint, make_telemetry, sign_in, store_file

URL = "/settings/telemetry/"


def names(client: Client, query: str = "", **headers: str) -> list[str]:
    html = squeeze(client.get(URL + query, headers=headers))
    return re.findall(r'class="row-name"><a href="[^"]*">([^<]*)<', html)


@pytest.fixture
def client(account: Account) -> Client:
    main = make_endpoint(account, "Main bucket", "exports")
    other = make_endpoint(account, "Billing lake", "")
    make_telemetry(account, "requests", name="API requests", endpoint=main, prefix="api/requests/")
    make_telemetry(
        account, "users", name="Active users", endpoint=other, prefix="people", dimensions=["plan"]
    )
    make_telemetry(account, "bytes", name="Bytes moved", endpoint=main, prefix="net/", dimensions=[])
    Telemetry.objects.filter(identifier="bytes").update(status="inactive")
    return sign_in(account, "viewer")


def test_active_telemetries_are_shown_at_first_and_the_others_on_request(client):
    assert names(client) == ["Active users", "API requests"]
    assert names(client, "?status=inactive") == ["Bytes moved"]
    assert len(names(client, "?status=all")) == 3


def test_each_telemetry_shows_what_the_table_promises(account, client):
    telemetry = Telemetry.objects.get(identifier="requests")
    store_file(telemetry, "exports/api/requests/1.csv", {date(2026, 5, 19): {("a", "b"): "1"}})
    page = squeeze(client.get(URL + "?search=requests")).replace("<wbr>", "")
    for text in ("API requests", "requests", "S3 CSV", "Main bucket", "exports/api/requests/", "team, env"):
        assert text in page
    assert '<time datetime="2026-05-19">19 May 2026</time>' in page
    assert 'datetime="2026-05-20T12:00:00+00:00"' in page
    assert "12:00 UTC" in page


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("active", "Active users"),
        ("REQUESTS", "API requests"),
        ("billing", "Active users"),
        ("exports/api", "API requests"),
        ("plan", "Active users"),
        ("api main", "API requests"),
    ],
)
def test_search_looks_at_name_identifier_prefix_endpoint_and_dimensions(client, words, found):
    assert names(client, f"?search={words}") == [found]


def test_every_word_has_to_match(client):
    assert names(client, "?search=api+billing") == []


def test_endpoint_and_source_narrow_the_table(account, client):
    endpoint = account.endpoints.get(name="Billing lake")
    assert names(client, f"?endpoint={endpoint.public_id}") == ["Active users"]
    assert len(names(client, "?source=s3_csv")) == 2


def test_another_accounts_endpoint_is_no_choice_and_filters_nothing(account, client):
    foreign = make_endpoint(make_account("Beta"), "Secret bucket")
    page = squeeze(client.get(f"{URL}?endpoint={foreign.public_id}"))
    assert "Secret bucket" not in page
    assert len(names(client, f"?endpoint={foreign.public_id}")) == 2


@pytest.mark.parametrize("query", ["?status=x", "?endpoint=x", "?sort=x", "?source=x", "?page=x", "?page=99"])
def test_values_that_mean_nothing_are_ignored(client, query):
    assert client.get(URL + query).status_code == 200


@pytest.mark.parametrize(
    "sort",
    ["name", "identifier", "endpoint", "prefix", "status", "data_through", "last_sync", "created_by"],
)
def test_every_sort_turns_round_and_says_so_to_assistive_technology(client, sort):
    page = squeeze(client.get(f"{URL}?sort={sort}"))
    assert page.count('aria-sort="ascending"') == 1
    assert f"sort=-{sort}" in page
    assert 'aria-sort="descending"' in squeeze(client.get(f"{URL}?sort=-{sort}"))


def test_sorting_orders_rows_and_leaves_those_without_a_value_last(client):
    users = Telemetry.objects.get(identifier="users")
    assert names(client, "?sort=identifier") == ["API requests", "Active users"]
    assert names(client, "?sort=-identifier") == ["Active users", "API requests"]
    Telemetry.objects.filter(pk=users.pk).update(data_through=date(2026, 5, 1))
    assert names(client, "?sort=data_through") == names(client, "?sort=-data_through")
    assert names(client, "?sort=data_through")[0] == "Active users"


def test_pages_hold_fifty_and_keep_the_search(account):
    client = sign_in(account, "viewer")
    for number in range(53):
        make_telemetry(account, f"metric{number:02}", dimensions=[])
    assert len(names(client)) == 50
    page = squeeze(client.get(URL + "?search=metric&page=2"))
    assert "51–53 of 53" in page
    assert escape("?search=metric&page=1") in page


def test_the_number_of_queries_does_not_grow_with_the_rows(account, client, django_assert_num_queries):
    with CaptureQueriesContext(connection) as few:
        client.get(URL)
    for number in range(30):
        make_telemetry(account, f"metric{number}")
    with django_assert_num_queries(len(few)):
        client.get(URL)
    assert len(few) <= 12


def test_htmx_gets_the_table_without_the_page_around_it(client):
    part = client.get(URL + "?search=users", headers={"HX-Request": "true"})
    assert names(client, "?search=users", **{"HX-Request": "true"}) == ["Active users"]
    assert b"<html" not in part.content
    assert "data-say>1–1 of 1<" in squeeze(part)
    assert "HX-Request" in part["Vary"]


def test_nothing_found_offers_to_clear_the_filters(client):
    page = squeeze(client.get(URL + "?search=zebra"))
    assert "No telemetries found" in page
    assert "Clear filters" in page


def test_only_inactive_telemetries_are_not_taken_for_none(account, client):
    Telemetry.objects.update(status="inactive")
    assert "No active telemetries" in squeeze(client.get(URL))


def test_an_empty_account_says_what_to_do_next(account):
    admin, viewer = sign_in(account, "admin"), sign_in(account, "viewer")
    assert reverse("endpoints:add") in squeeze(admin.get(URL))
    make_endpoint(account)
    empty = squeeze(admin.get(URL))
    assert "No telemetries yet" in empty
    assert empty.count(f'href="{reverse("telemetry:add")}"') == 2
    assert "Add Telemetry" not in squeeze(viewer.get(URL))


def test_names_are_escaped(account, client):
    make_telemetry(account, "naughty", name="<script>alert(1)</script>")
    assert "<script>alert" not in squeeze(client.get(URL))
