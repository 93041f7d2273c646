"""Other people's text on every page that shows it: it is text, and nothing of it runs."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.http import urlencode
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account, Membership, User
from accounts.services import create_account
from core.beginnings import LONGEST_SHOWN
from core.downloads import neutralise
from demo.standin import StandIn
from endpoints.models import S3Endpoint
from ingestion.models import RejectedRow, Run, RunFile, SourceFile
from telemetry.models import Telemetry
from telemetry.models.drafts import TelemetryDraft
from tests.naughty import list_naughty_names, list_naughty_strings
from tests.pages.rows import make_run, make_telemetry, store_file
from tests.standin import BUCKET, make_endpoint, trust

pytestmark = pytest.mark.django_db(transaction=True)

STRINGS, NAMES = list_naughty_strings(), list_naughty_names()
DAY = date(2026, 5, 1)
EVERYTHING_ON_ONE_PAGE = {
    "endpoints.views.pages.PAGE_SIZE": 2_000,
    "telemetry.views.table.PER_PAGE": 2_000,
    "ingestion.views.files.PER_PAGE": 2_000,
    "telemetry.views.days.POINTS_SHOWN": 2_000,
    "telemetry.totals.TOP_VALUES": 2_000,
    "ingestion.views.runs.FAILED_FILES_SHOWN": 2_000,
    "ingestion.views.runs.REJECTED_ROWS_SHOWN": 2_000,
}
# What a page of ours has none of: handlers in attributes, scripts in its text, addresses that are programs.
FIND_PROGRAMS = """() => [...document.querySelectorAll("*")].flatMap((element) => [
  ...element.getAttributeNames().filter((name) => name.startsWith("on")),
  ...(element.tagName === "SCRIPT" && !element.src && element.type !== "application/json" ? ["script"] : []),
  ...(/^\\s*(javascript|data|vbscript):/i.test(element.getAttribute("href") ?? "") ? ["href"] : []),
  ...(["IFRAME", "OBJECT", "EMBED", "BASE"].includes(element.tagName) ? [element.tagName] : []),
]).concat(document.vulnerable ? ["it ran"] : [])"""
READ_TEXTS = "() => document.body.textContent"


@pytest.fixture
def telemetry(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> Telemetry:
    """An account whose every name, key, cell and message is naughty."""
    for name, value in EVERYTHING_ON_ONE_PAGE.items():
        monkeypatch.setattr(name, value)
    account = create_account(name="<script>alert(1)</script>", slug="acme")
    endpoint = make_endpoint(account, name="Main")
    endpoint.test_checks = [{"name": text, "ok": False, "detail": text} for text in STRINGS]
    endpoint.test_state, endpoint.tested_at = "failed", timezone.now()
    endpoint.save()
    trust(standin, endpoint)
    _fill_the_lists(account, endpoint)
    telemetry = make_telemetry(
        account, NAMES[0], endpoint=endpoint, dimensions=NAMES[1:11], prefix="usage/", name=STRINGS[0]
    )
    others = tuple(NAMES[1:10])
    store_file(telemetry, "usage/1.csv", {DAY: {(text, *others): "1" for text in STRINGS}})
    _fill_the_history(telemetry)
    return telemetry


def _fill_the_lists(account: Account, endpoint: S3Endpoint) -> None:
    names = dict.fromkeys(text[:100] for text in STRINGS)
    S3Endpoint.objects.bulk_create(
        make_endpoint(account, name=name, description=name, path_prefix=name) for name in names
    )
    for number, text in enumerate(STRINGS):
        Telemetry.objects.create(
            kind="telemetry",
            account=account,
            endpoint=endpoint,
            prefix=text[:200],
            name=text[:200],
            identifier=text if text in NAMES[20:] else f"metric_{number}",
            date_column="date",
            date_format="yyyy-MM-dd",
        )
    users = User.objects.bulk_create(User(email=f"{number}@x.example") for number in range(len(STRINGS)))
    Membership.objects.bulk_create(
        Membership(account=account, user=user, role="viewer", name=text[:200])
        for user, text in zip(users, STRINGS, strict=True)
    )


def _fill_the_history(telemetry: Telemetry) -> None:
    version = {"etag": "x", "size": 1, "last_modified": timezone.now()}
    SourceFile.objects.bulk_create(
        SourceFile(source=telemetry, key=text[:300], state="failed", message=text, **version)
        for text in STRINGS
    )
    run = make_run(
        telemetry,
        "incomplete",
        message=STRINGS[-1],
        warnings=[{"kind": "", "text": text} for text in STRINGS],
    )
    files = RunFile.objects.bulk_create(
        RunFile(
            run=run, key=text, state="failed", message=text, reject_reasons={text[:200]: 1},
            **version,
        )
        for text in dict.fromkeys(text[:300] for text in STRINGS)
    )  # fmt: skip
    RejectedRow.objects.bulk_create(
        RejectedRow(
            run_file=file, row_number=2, reason=file.key[:200], cells=dict.fromkeys(NAMES[:11], file.key)
        )
        for file in files
    )


@pytest.fixture
def admin(telemetry: Telemetry) -> User:
    user = User.objects.create_user("ada@acme.example")
    Membership.objects.create(account=telemetry.account, user=user, role="admin", name=STRINGS[0])
    return user


@pytest.fixture
def page(admin: User, live_server: LiveServer, open_page: Callable[..., Page]) -> Iterator[Page]:
    """The admin's browser; a dialog, a console error or a violation of the policy fails the test."""
    client = Client()
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    page = open_page()
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    yield page
    assert dialogs == []


def as_shown(text: str) -> str:
    """What of it can be seen: browsers, Python and Unicode do not agree on what a space is."""
    return "".join(char for char in text if unicodedata.category(char)[0] not in "CZ")


def look(page: Page, url: str, *, expected: list[str]) -> None:
    """Go there; nothing runs, and every expected text stands there verbatim."""
    page.goto(url)
    assert page.evaluate(FIND_PROGRAMS) == [], url
    found = as_shown(page.evaluate(READ_TEXTS))
    missing = [text for text in expected if as_shown(text) not in found]
    assert missing == [], url


def look_at_members(page: Page, url: str, *, expected: list[str]) -> None:
    """The same, over all pages of the list."""
    left, number = {as_shown(text) for text in expected}, 0
    while left:
        number += 1
        page.goto(f"{url}?page={number}")
        assert page.evaluate(FIND_PROGRAMS) == [], page.url
        found = as_shown(page.evaluate(READ_TEXTS))
        left = {text for text in left if text not in found}
        assert number < 20, left


def test_nothing_runs_on_any_page(page: Page, telemetry: Telemetry, live_server: LiveServer):
    base, run = f"{live_server.url}/settings", Run.objects.get()
    own = f"{base}/telemetry/{telemetry.public_id}"
    short = [text[:100] for text in STRINGS]
    look(page, f"{base}/endpoints/", expected=short)
    look(page, f"{base}/endpoints/{telemetry.endpoint.public_id}/", expected=STRINGS)
    look(page, f"{base}/telemetry/?status=all", expected=short)
    look_at_members(page, f"{base}/members/", expected=short)
    look(page, own + "/", expected=[])
    by = page.get_by_label("Stacked by").locator("option").nth(1).get_attribute("value") or ""
    page.get_by_label("Stacked by").select_option(by)
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**by=*")
    page.wait_for_load_state("networkidle")
    assert page.evaluate(FIND_PROGRAMS) == []
    labels = page.evaluate("Chart.getChart(document.querySelector('canvas')).data.datasets.map(d => d.label)")
    cut = [text[:LONGEST_SHOWN] for text in STRINGS]
    assert set(cut) == {label[:LONGEST_SHOWN] for label in labels}
    look(page, f"{own}/days/{DAY}/", expected=cut)
    look(page, f"{own}/files/", expected=short)
    look(page, f"{own}/runs/", expected=[])
    look(page, f"{own}/runs/{run.public_id}/", expected=short)
    look(page, f"{own}/edit/", expected=[])
    look(page, f"{own}/delete/", expected=[NAMES[0]])


def test_downloads_are_text_to_a_spreadsheet(page: Page, telemetry: Telemetry, live_server: LiveServer):
    own = f"{live_server.url}/settings/telemetry/{telemetry.public_id}"
    run = Run.objects.get()
    files = {name: _download(page, f"{own}/{name}") for name in ("totals.csv", "points.csv")}
    files["rejects"] = _download(page, f"{own}/runs/{run.public_id}/rejected-rows.csv")
    cells = [cell for rows in files.values() for row in rows for cell in row]

    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))] == []
    assert {row[1] for row in files["points.csv"][1:]} == {neutralise(text) for text in STRINGS}
    assert len(files["rejects"]) - 1 == RejectedRow.objects.count()


def _download(page: Page, url: str) -> list[list[str]]:
    answer = page.request.get(url)
    assert answer.status == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename")
    return list(csv.reader(io.StringIO(answer.body().decode(), newline="")))


def test_nothing_runs_in_the_wizard(page: Page, admin: User, telemetry: Telemetry, standin, live_server):
    """Header names, cells and keys as they come from a bucket."""
    columns = ["date", *NAMES[11:]]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*columns, "value"])
    writer.writerows(["2026-05-01", *STRINGS[n : n + 1] * len(NAMES[11:]), "1"] for n in range(20))
    for name in STRINGS[:50]:
        standin.put_object(BUCKET, f"new/{name[:100]}.csv", text.getvalue())
    draft = TelemetryDraft.objects.create(
        account=telemetry.account, user=admin, created_at=timezone.now(), updated_at=timezone.now()
    )
    source = {"endpoint": str(telemetry.endpoint.public_id), "prefix": "new/", "name": STRINGS[0]}
    draft.answers = {
        "source": source,
        "preview": {"confirmed": True},
        "date": {"date_column": "date", "date_format": "yyyy-MM-dd"},
        "dimensions": {"dimensions": NAMES[11:21]},
        "metric": {"metric_column": "value"},
    }
    draft.save()
    url = f"{live_server.url}/settings/telemetry/add/{draft.public_id}"
    look(page, f"{live_server.url}/settings/telemetry/add/", expected=[])
    look(page, f"{url}/source/", expected=[])
    look(page, f"{url}/preview/", expected=NAMES[11:])
    look(page, f"{url}/date/", expected=NAMES[11:])
    look(page, f"{url}/dimensions/", expected=NAMES[11:])
    look(page, f"{url}/metric/", expected=NAMES[30:])
    look(page, f"{url}/review/", expected=NAMES[11:21])


def test_nothing_runs_that_a_page_says_back(page: Page, telemetry: Telemetry, live_server: LiveServer):
    """What was typed into an address or a field, and comes back in the answer."""
    base = f"{live_server.url}/settings"
    hostile = [text for text in STRINGS if "<" in text and len(text) < 190][:6]
    for text in hostile:
        for address in ("endpoints/", "telemetry/", f"telemetry/{telemetry.public_id}/files/"):
            page.goto(f"{base}/{address}?{urlencode({'search': text})}")
            assert page.get_by_role("searchbox").input_value() == text
            assert page.evaluate(FIND_PROGRAMS) == []
    page.goto(f"{base}/endpoints/add/")
    for label in ("Endpoint Name", "Description", "Role ARN", "Bucket Name", "S3 Path Prefix", "Region"):
        # Without the events that would ask for the documents: leaving the page would cut that short.
        page.get_by_label(label).evaluate("(field, text) => { field.value = text }", hostile[0])
    page.get_by_role("button", name="Add Endpoint").click()
    page.get_by_role("alert").first.wait_for()
    assert page.evaluate(FIND_PROGRAMS) == []
