"""From signing in to thirty days of the sample on the telemetry's page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from core.dates import spell
from demo.company import EMAIL, open_company
from demo.sample import BUCKET, list_api_requests, write_sample
from demo.standin import StandIn
from demo.standin.stores import FolderStore
from endpoints.storage import clear_sessions
from ingestion.models import Run
from ingestion.tasks import run_sync
from tests.browser.journey import API_REQUESTS, create_telemetry, press, read_daily_totals, sign_in
from tests.browser.watching import find_barriers
from tests.standin import trust, use_aws_at

PASSWORD = "denominator of unit cost"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def today() -> date:
    return timezone.now().date()


@pytest.fixture
def sample(today: date, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The demo's company, and a stand-in of S3 that holds the demo's files and trusts us."""
    write_sample(bucket=tmp_path / BUCKET, today=today)
    endpoint = open_company(password=PASSWORD)
    running = StandIn(store=FolderStore(tmp_path, region=endpoint.region)).start()
    trust(running, endpoint)
    use_aws_at(running.url, monkeypatch)
    yield running
    running.stop()
    clear_sessions()


def work() -> None:
    """What a worker does with the message that Sync now sent."""
    run_sync(run_id=Run.objects.get(state=Run.State.QUEUED).pk)


def list_expected_totals(today: date) -> dict[str, str]:
    """The last thirty whole days of api_requests/, added up from what was written to the files."""
    days = [today - timedelta(days=back) for back in range(1, 31)]
    return {spell(day): str(sum(row[4] for row in list_api_requests(day=day))) for day in days}


def plain(totals: dict[str, str]) -> dict[str, str]:
    """Without the separators of thousands that a person likes to see."""
    return {day: "".join(char for char in text if char.isdigit()) for day, text in totals.items()}


def test_a_person_goes_from_signing_in_to_thirty_days_of_data(
    live_server: LiveServer, sample: StandIn, open_page: Callable[..., Page], today: date
) -> None:
    page = open_page()
    barriers: list[str] = []

    def look(page: Page) -> None:
        for color_scheme in ("dark", "light"):
            page.emulate_media(color_scheme=color_scheme, reduced_motion="reduce")  # no color half way
            expect(page.locator("html")).to_have_attribute("data-bs-theme", color_scheme)
            barriers.extend(f"{color_scheme}: {barrier}" for barrier in find_barriers(page))

    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD, look=look)
    create_telemetry(page, url=live_server.url, answers=API_REQUESTS, look=look)
    press(page, "Sync now")
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    look(page)
    work()
    expect(page.get_by_text("Succeeded", exact=True)).to_be_visible()  # the page asks for itself again
    look(page)
    page.get_by_role("link", name=API_REQUESTS.name).first.click()
    assert plain(read_daily_totals(page)) == list_expected_totals(today)
    look(page)
    assert barriers == []


def test_the_same_way_without_javascript(
    live_server: LiveServer, sample: StandIn, open_page: Callable[..., Page], today: date
) -> None:
    page = open_page(javascript=False)
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    create_telemetry(page, url=live_server.url, answers=API_REQUESTS)
    press(page, "Sync now")
    work()
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("Succeeded", exact=True)).to_be_visible()
    page.get_by_role("link", name=API_REQUESTS.name).first.click()
    assert plain(read_daily_totals(page)) == list_expected_totals(today)
