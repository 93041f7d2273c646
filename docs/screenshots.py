"""Takes the pictures of every page from the demo: `make screenshots` (needs a Chromium).

Each page comes in three: light and dark at a laptop's width, and light at a phone's.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.journey import API_REQUESTS, Answers, create_telemetry, press, sign_in
from tests.chromium import ARGUMENTS, MISSING, find_chromium
from tests.demo.running import RunningDemo

IMAGES = Path(__file__).resolve().parent / "images"
LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
VIEWS = (("light", "light", LAPTOP), ("dark", "dark", LAPTOP), ("phone", "light", PHONE))
WORK_WITHIN = 60_000  # milliseconds, for a sync by the demo's own worker
PLAIN_PAGES = {
    "members": "/settings/members/",
    "member-add": "/settings/members/add/",
    "password": "/accounts/password/",  # nosec B105
    "audit": "/settings/audit/",
    "second-factor": "/accounts/second-factor/",
    "not-found": "/no/such/page/",
}
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


def take_pictures(page: Page, name: str) -> None:
    """The page as it is now, under `name`, in every view."""
    page.wait_for_load_state("networkidle")  # what htmx puts into it is there
    for view, scheme, size in VIEWS:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size(size)
        page.screenshot(path=IMAGES / f"{name}-{view}.png", animations="disabled")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(LAPTOP)


def look_at_wizard(page: Page) -> None:
    """Picture each step, and not what comes after the last one."""
    if "/telemetry/add/" in page.url:
        _, _, step = page.url.rstrip("/").rpartition("/")
        take_pictures(page, f"wizard-{step}")


def picture_endpoints(page: Page, *, url: str) -> None:
    page.goto(f"{url}/settings/endpoints/")
    take_pictures(page, "endpoints")
    page.get_by_role("link", name="Sample bucket").click()
    press(page, "Test Endpoint")
    expect(page.locator("#said")).to_have_text("The test has ended: Passed.", timeout=WORK_WITHIN)
    take_pictures(page, "endpoint")
    for part in ("edit", "delete"):
        page.goto(f"{url}/settings/endpoints/")
        page.get_by_role("link", name="Sample bucket").click()
        page.get_by_role("main").get_by_role("link", name=part.capitalize(), exact=True).click()
        take_pictures(page, f"endpoint-{part}")
    page.goto(f"{url}/settings/endpoints/add/")
    take_pictures(page, "endpoint-add")


def picture_telemetry(page: Page, *, url: str) -> None:
    """The page of the last telemetry, its day, files, runs and edit page, and the table of all."""
    page.goto(f"{url}/settings/telemetry/")
    take_pictures(page, "telemetries")
    page.get_by_role("link", name=API_REQUESTS.name).first.click()
    page.get_by_label("Stacked by").select_option("team")
    press(page, "Show")
    totals = page.get_by_role("region", name="Daily totals")
    totals.wait_for()
    take_pictures(page, "telemetry")
    address = page.url.partition("?")[0]
    totals.locator("th a").first.click()
    take_pictures(page, "day")
    for part in ("files", "runs", "edit", "deactivate", "delete"):
        page.goto(f"{address}{part}/")
        take_pictures(page, part)


def picture_everything(page: Page, *, demo: RunningDemo) -> None:
    """Sign in to a demo that has just begun, create and sync the sample's telemetries, and look at all."""
    page.goto(demo.url)
    take_pictures(page, "sign-in")
    sign_in(page, url=demo.url, email=demo.email, password=demo.password)
    take_pictures(page, "telemetries-empty")
    picture_endpoints(page, url=demo.url)
    for answers in TELEMETRIES:
        looks = {"look": look_at_wizard} if answers is API_REQUESTS else {}
        create_telemetry(page, url=demo.url, answers=answers, **looks)
        press(page, "Sync now")
        expect(page.get_by_text("Succeeded", exact=True)).to_be_visible(timeout=WORK_WITHIN)
    take_pictures(page, "run")
    picture_telemetry(page, url=demo.url)
    for name, path in PLAIN_PAGES.items():
        page.goto(f"{demo.url}{path}")
        take_pictures(page, name)


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
        picture_everything(browser.new_page(viewport=LAPTOP, locale="en-GB"), demo=demo)


if __name__ == "__main__":
    main()
