"""What would do nothing is not offered: looked for where a person would look, at each state on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from ingestion.models import Run
from ingestion.tasks import run_sync
from tests.browser.journey import press, sign_in
from tests.browser.watching import find_problems
from tests.browser.world import EMAIL, PASSWORD, make_person, put_files
from tests.pages.rows import make_telemetry

pytestmark = pytest.mark.django_db(transaction=True)
AGAIN, IMPORT, SYNC = "Read files with rejected rows again", "Import again", "Sync now"


def list_offers(page: Page) -> set[str]:
    """Buttons and links of the page's own part, by what they say."""
    main = page.get_by_role("main")
    return {
        text.strip()
        for role in ("button", "link")
        for text in main.get_by_role(role).all_inner_texts()
        if text.strip()
    }


def test_a_telemetry_offers_what_there_is_to_do(
    s3_account, s3_endpoint, standin, live_server: LiveServer, open_page: Callable[..., Page]
):
    make_person(s3_account)
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    problems: list[str] = []

    def go(path: str = "") -> set[str]:
        page.goto(f"{live_server.url}/settings/telemetry/{path}")
        problems.extend(find_problems(page))
        return list_offers(page)

    assert "Apply" not in go()
    expect(page.get_by_role("search")).to_have_count(0)  # an empty list has no filters
    telemetry = make_telemetry(
        s3_account, "requests", endpoint=s3_endpoint, prefix="usage/", dimensions=["team"]
    )
    own = f"{telemetry.public_id}/"
    assert SYNC in go(own)
    assert not {AGAIN, IMPORT} & go(f"{own}files/")
    put_files(standin, today=timezone.now().date())
    go(own)
    press(page, SYNC)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Run of")
    assert SYNC not in go(own)  # one waits already
    run_sync(run_id=Run.objects.get().pk)
    assert IMPORT in go(f"{own}files/")
    assert AGAIN not in list_offers(page)  # no file has a rejected row
    assert SYNC in go(own)
    assert not {"Newest 30 dates", "All dates"} & go(own)  # all of it is shown
    assert problems == []
