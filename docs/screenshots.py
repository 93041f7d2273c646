"""Takes the pictures of every page (docs/pictures.py) from the demo: `make screenshots` (needs a Chromium).

Each page comes in three: light and dark at a laptop's width, and light at a phone's.
"""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from demo.sample import BUCKET, PATH_PREFIX
from docs.camera import Camera
from docs.further_pages import FurtherPages
from docs.pictures import IMAGES, KEPT, PAGE, README_IMAGES, list_pictures, render_page
from docs.screenshots_of_people import picture_errors, picture_further_pages, picture_people
from tests.browser.journey import API_REQUESTS, Answers, create_telemetry, press, sign_in
from tests.chromium import ARGUMENTS, MISSING, find_chromium
from tests.demo.running import RunningDemo

WORK_WITHIN = 60_000  # milliseconds, for a sync by the demo's own worker
SESSIONS = Answers(
    endpoint="Sample bucket",
    prefix="app_sessions/",
    name="App sessions",
    date_column="date",
    date_format="yyyy-MM-dd",
    dimensions=("app",),
    metric="sessions",
)
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


def look_at_wizard(camera: Camera) -> None:
    """Picture each step, and not what comes after the last one."""
    if "/telemetry/add/" in camera.page.url:
        _, _, step = camera.page.url.rstrip("/").rpartition("/")
        if step == "add" and camera.page.get_by_label("Telemetry name").input_value():
            step = "source"  # which has no address of its own before it is answered
        camera.take(f"wizard-{step}", whole=step == "review")


def picture_endpoints(camera: Camera, *, url: str) -> None:
    page = camera.page
    page.goto(f"{url}/settings/endpoints/")
    camera.take("endpoints")
    page.get_by_role("link", name="Sample bucket").click()
    press(page, "Test Endpoint")
    expect(page.locator("#said")).to_have_text("The test has ended: Passed.", timeout=WORK_WITHIN)
    camera.take("endpoint")
    address = page.url
    for part in ("edit", "delete"):
        page.goto(f"{address}{part}/")
        camera.take(f"endpoint-{part}")
    page.goto(f"{url}/settings/endpoints/add/")
    camera.take("endpoint-add")


def sync(page: Page, *, until: str = "Succeeded") -> None:
    """From a telemetry's page to its run, which ends in this state."""
    press(page, "Sync now")
    expect(page.get_by_text(until, exact=True)).to_be_visible(timeout=WORK_WITHIN)


def picture_telemetries(camera: Camera, *, url: str, sessions: Path) -> None:
    """Create and sync the sample's telemetries, and one whose second sync goes wrong."""
    page = camera.page
    for answers in TELEMETRIES:
        looks = {"look": lambda _page: look_at_wizard(camera)} if answers is API_REQUESTS else {}
        create_telemetry(page, url=url, answers=answers, **looks)
        sync(page)
    camera.take("run")
    write_sessions(sessions, "first", "web,1200", "ios,800")
    create_telemetry(page, url=url, answers=SESSIONS)
    address = page.url
    sync(page)
    write_sessions(sessions, "second", "web,1310", "ios,n/a", "android,-3", 'tv,"1,024"')
    (sessions / "third.csv").write_text("date,app\n2026-05-20,web\n", encoding="utf-8")
    page.goto(address)
    sync(page, until="Incomplete")
    camera.take("run-incomplete", whole=True)
    page.goto(f"{url}/settings/telemetry/")
    camera.take("telemetries")


def write_sessions(folder: Path, name: str, *rows: str) -> None:
    """A file of yesterday's app sessions."""
    folder.mkdir(exist_ok=True)
    day = (datetime.now(tz=UTC) - timedelta(days=1)).date()
    lines = ["date,app,sessions", *(f"{day},{row}" for row in rows), ""]
    (folder / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")


def picture_telemetry(camera: Camera, *, url: str, requests: Path) -> None:
    """The page of one telemetry, and the pages under it."""
    page = camera.page
    page.goto(f"{url}/settings/telemetry/")
    page.get_by_role("link", name=API_REQUESTS.name).first.click()
    page.get_by_label("Stacked by").select_option("team")
    press(page, "Show")
    totals = page.get_by_role("region", name="Daily totals")
    totals.wait_for()
    camera.take("telemetry")
    address = page.url.partition("?")[0]
    totals.locator("th a").first.click()
    camera.take("day")
    for part in ("configuration", "files", "runs", "edit", "change", "reimport", "deactivate", "delete"):
        page.goto(f"{address}{part}/")
        camera.take(part)
    restate(max(requests.glob("*.csv")))
    page.goto(f"{address}change/")
    page.get_by_role("checkbox", name="region").check()
    press(page, "Show what would change")
    page.get_by_role("heading", name="What would change").wait_for(timeout=WORK_WITHIN)
    camera.take("run-preview", whole=True)


def restate(file: Path) -> None:
    """Write a file anew, as if a team had more requests than was thought: ten times as many."""
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    rows = [f"{row}0" if ",mobile," in row else row for row in rows]
    file.write_text("\n".join([header, *rows, ""]), encoding="utf-8")


def picture_everything(browser: Browser, *, demo: RunningDemo) -> set[str]:
    """Sign in to a demo that has just begun, use all of it, look at every page. Returns what was taken."""
    taken: set[str] = set()
    admin = Camera(browser, taken=taken)
    admin.page.goto(demo.url)
    admin.take("sign-in")
    sign_in(admin.page, url=demo.url, email=demo.email, password=demo.password)
    admin.take("telemetries-empty")
    picture_endpoints(admin, url=demo.url)
    files = demo.folder / "s3" / BUCKET / PATH_PREFIX
    picture_telemetries(admin, url=demo.url, sessions=files / SESSIONS.prefix)
    picture_telemetry(admin, url=demo.url, requests=files / API_REQUESTS.prefix)
    new_camera = partial(Camera, browser, taken=taken)
    picture_people(admin, new_camera, demo=demo)
    picture_errors(admin, new_camera, url=demo.url)
    password = secrets.token_urlsafe(12)
    with FurtherPages(demo_folder=demo.folder, password=password) as further:
        picture_further_pages(admin, new_camera, further=further, password=password)
    return taken


def main() -> None:
    path = find_chromium()
    if path is None:
        sys.exit(MISSING)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningDemo(Path(folder) / "demo") as demo,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=path, args=ARGUMENTS) as browser,
    ):
        taken = picture_everything(browser, demo=demo)
    if differing := taken ^ set(list_pictures()):
        sys.exit(f"docs/pictures.py and docs/screenshots.py differ in {', '.join(sorted(differing))}")
    for image in IMAGES.glob("*.png"):
        if image.stem.rpartition("-")[0] not in taken:
            image.unlink()
    PAGE.write_text(render_page(), encoding="utf-8")
    for name in KEPT:
        shutil.copyfile(IMAGES / name, README_IMAGES / name)


if __name__ == "__main__":
    main()
