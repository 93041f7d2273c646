"""Takes the pictures of README from the demo: `make screenshots` (needs a Chromium)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.journey import API_REQUESTS, Answers, create_telemetry, press, sign_in
from tests.chromium import ARGUMENTS, MISSING, find_chromium
from tests.demo.running import RunningDemo

IMAGES = Path(__file__).resolve().parent / "images"
SIZE = {"width": 1440, "height": 800}
TABLE = {"width": 1440, "height": 480}  # three rows, and no empty half
WORK_WITHIN = 60_000  # milliseconds, for a sync by the demo's own worker
TELEMETRIES = (
    Answers(
        endpoint="Sample bucket",
        prefix="company_mentions/",
        name="Mentions by company",
        date_column="date",
        date_format="yyyy-MM-dd",
        dimensions=("company", "sector"),
        metric="mentions",
    ),
    Answers(
        endpoint="Sample bucket",
        prefix="taxi_passengers/",
        name="Taxi passengers",
        date_column="day",
        date_format="MM/d/yyyy",
        dimensions=(),
        metric="passengers",
    ),
    API_REQUESTS,
)


def take_picture(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png")


def take_pictures(page: Page, *, demo: RunningDemo) -> None:
    """Create the three telemetries of the sample, sync them, and picture what README shows."""

    def picture_preview(page: Page) -> None:
        if "/preview/" in page.url:
            take_picture(page, "wizard")

    sign_in(page, url=demo.url, email=demo.email, password=demo.password)
    for answers in TELEMETRIES:
        create_telemetry(page, url=demo.url, answers=answers, look=picture_preview)
        press(page, "Sync now")
        expect(page.get_by_text("Succeeded", exact=True)).to_be_visible(timeout=WORK_WITHIN)
    page.get_by_role("link", name=API_REQUESTS.name).first.click()
    page.get_by_role("region", name="Daily totals").wait_for()
    take_picture(page, "telemetry")
    page.set_viewport_size(TABLE)
    page.goto(f"{demo.url}/settings/telemetry/")
    take_picture(page, "telemetries")


def main() -> None:
    path = find_chromium()
    if path is None:
        sys.exit(MISSING)
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningDemo(Path(folder) / "demo") as demo,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=path, args=ARGUMENTS) as browser,
    ):
        take_pictures(browser.new_page(viewport=SIZE), demo=demo)


if __name__ == "__main__":
    main()
