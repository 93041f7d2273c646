"""Settings > Audit log, for admins of the account alone."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client

from accounts.models import Account, User
from accounts.services import add_member, set_password
from audit.models import Entry
from tests.pages.rows import make_account, make_member, sign_in

LOG, CSV = "/settings/audit/", "/settings/audit/csv/"
NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)


def add_entry(account: Account, **fields: object) -> Entry:
    given = {
        "at": NOON,
        "actor": "ada@acme.example",
        "action": "endpoint.changed",
        "object_type": "endpoint",
        "object_id": "7",
        "object_name": "Exports",
        "via": "page",
        "address": "192.0.2.1",
        "agent": "Netscape",
        "before": {"bucket": "old"},
        "after": {"bucket": "new"},
    }
    return Entry.objects.create(account_id=account.pk, **(given | fields))


@pytest.fixture
def account(db) -> Account:
    return make_account("Acme")


@pytest.fixture
def admin(account) -> Client:
    return sign_in(account, "admin")


def read_names(client: Client, query: str = "") -> list[str]:
    """The names in the column What, of the page; and of the download, which must say the same."""
    page = client.get(LOG + query)
    assert page.status_code == 200
    names = [entry.object_name for entry in page.context["page"]]
    rows = read_csv(client, query)
    assert [row["name"] for row in rows] == names
    return names


def read_csv(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(CSV + query)
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def test_it_says_who_did_what_from_where_before_and_after(account, admin):
    add_entry(account)
    page = admin.get(LOG).content.decode().replace("<wbr>", "")

    for text in (
        "ada@acme.example",
        "Endpoint changed",
        "Exports",
        "<dt>Bucket</dt><dd>old → new",
        "192.0.2.1",
        "Netscape",
    ):
        assert text in page


@pytest.mark.parametrize("role", ["viewer", "manager"])
@pytest.mark.parametrize("path", [LOG, CSV])
def test_others_than_admins_may_not_open_it(account, role, path):
    assert sign_in(account, role).get(path).status_code == 403


@pytest.mark.parametrize("path", [LOG, CSV])
def test_nobody_opens_it_without_signing_in(db, path):
    assert Client().get(path).status_code == 302


def test_another_accounts_entries_are_not_in_it(account, admin):
    add_entry(make_account("Zeta"), object_name="Theirs")
    Entry.objects.create(account_id=None, at=NOON, action="person.locked_out", object_name="Nobody's")

    names = read_names(admin)
    assert "Theirs" not in names
    assert "Nobody's" not in names


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?person=bob", ["By Bob"]),
        ("?action=endpoint.deleted", ["Deleted"]),
        ("?thing=DELE", ["Deleted"]),
        ("?thing=the-id", ["By Bob"]),
        ("?date_from=2026-05-21", ["Later"]),
        ("?date_to=2026-05-19", ["Earlier"]),
        ("?date_from=2026-05-20&date_to=2026-05-20", ["By Bob", "Deleted"]),
        ("?person=bob&action=endpoint.deleted", []),
    ],
)
def test_it_is_filtered_by_person_action_object_and_dates(account, admin, query, names):
    add_entry(account, object_name="Earlier", at=NOON - timedelta(days=1))
    add_entry(account, object_name="Deleted", action="endpoint.deleted")
    add_entry(account, object_name="By Bob", actor="bob@acme.example", object_id="the-id")
    add_entry(account, object_name="Later", at=NOON + timedelta(hours=12))
    found = [name for name in read_names(admin, query) if name in {"Earlier", "Deleted", "By Bob", "Later"}]

    assert found == names


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("?date_from=yesterday", "Enter a valid date."),
        ("?action=nonsense", "Choose one of the actions."),
        ("?date_from=2026-05-02&date_to=2026-05-01", "The last day is before the first."),
    ],
)
def test_a_filter_that_makes_no_sense_says_so(admin, query, text):
    assert text in admin.get(LOG + query).content.decode()
    assert admin.get(CSV + query).status_code == 400


def test_the_download_opens_in_a_spreadsheet_without_running_anything(account, admin):
    add_entry(
        account, object_name="=cmd|' /C calc'!A0", agent="@evil", after={"name": "=1+1"}, actor="+1@x.example"
    )
    [row] = [row for row in read_csv(admin) if "cmd" in row["name"]]

    assert row["name"] == "'=cmd|' /C calc'!A0"
    assert row["browser or program"] == "'@evil"
    assert row["who"] == "'+1@x.example"
    assert [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))] == []


def test_the_link_to_the_download_keeps_the_filter_whatever_else_the_address_says(account, admin):
    """A template looks a name up in the query before it asks for a method of that name."""
    add_entry(account)
    add_entry(account, object_name="Other")
    page = admin.get(f"{LOG}?thing=Other&urlencode=x&page=1").content.decode()
    [link] = re.findall(r'href="(/settings/audit/csv/[^"]*)"', page)
    rows = csv.DictReader(io.StringIO(admin.get(unescape(link)).getvalue().decode()))
    assert [row["name"] for row in rows] == ["Other"]


def test_each_entry_is_one_line_and_no_filter_is_called_optional(account, admin):
    add_entry(account)
    page = admin.get(LOG).content.decode()
    assert page.count("<details>\n      <summary>") == len(admin.get(LOG).context["page"])
    assert "optional" not in page


def test_what_people_typed_is_shown_as_text(account, admin):
    add_entry(account, object_name="<script>alert(1)</script>", after={"name": "<img src=x>"})
    page = admin.get(LOG).content.decode()

    assert "<script>alert(1)" not in page
    assert "<img src=x>" not in page


def test_the_page_takes_as_many_queries_for_many_entries_as_for_few(
    account, admin, django_assert_num_queries
):
    admin.get(LOG)
    for _ in range(120):
        add_entry(account)

    with django_assert_num_queries(8):
        page = admin.get(LOG)
    assert len(page.context["page"]) == 50
    assert "?page=2" in page.content.decode()


def test_a_person_sees_nothing_of_before_they_came_to_another_account(account, admin):
    """An entry about a person is in the logs of the accounts that they belonged to at its moment."""
    make_member(make_account("Zeta"), "viewer")
    person = User.objects.get(email="viewer@zeta.example")
    set_password(user=person, password="another long phrase")
    add_member(account=account, email=person.email, role="viewer")

    actions = [entry.action for entry in admin.get(LOG).context["page"]]
    assert "person.password_changed" not in actions
