"""A person's way through the product, by the labels on screen. No step of it needs JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person gives the wizard."""

    endpoint: str
    prefix: str
    name: str
    date_column: str
    date_format: str
    dimensions: tuple[str, ...]
    metric: str


API_REQUESTS = Answers(
    endpoint="Sample bucket",
    prefix="api_requests/",
    name="API requests by team and environment",
    date_column="date",
    date_format="yyyy-MM-dd",
    dimensions=("team", "environment"),
    metric="api_requests",
)
STEPS = ("Source", "Preview", "Date", "Dimensions", "Metric", "Review")

Look = Callable[[Page], None]


def look_at_nothing(page: Page) -> None:
    """What is done at every page on the way, where nothing is asked of them."""


def sign_in(page: Page, *, url: str, email: str, password: str, look: Look = look_at_nothing) -> None:
    page.goto(url)
    look(page)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/settings/telemetry/")
    look(page)


def create_telemetry(page: Page, *, url: str, answers: Answers, look: Look = look_at_nothing) -> None:
    """From the table of telemetries through the six steps; ends on the new telemetry's page."""
    page.goto(f"{url}/settings/telemetry/")
    page.get_by_role("link", name="Add Telemetry").first.click()
    look(page)
    fill_in = {
        "Source": fill_in_source,
        "Date": fill_in_date,
        "Dimensions": fill_in_dimensions,
        "Metric": fill_in_metric,
    }
    for number, title in enumerate(STEPS, start=1):
        page.get_by_role("heading", level=1, name=f"Step {number} of 6: {title}").wait_for()
        fill_in.get(title, lambda _page, _answers: None)(page, answers)
        look(page)
        press(page, "Create Telemetry" if title == "Review" else "Continue")
    page.get_by_role("heading", level=1, name=answers.name).wait_for()
    look(page)


def fill_in_source(page: Page, answers: Answers) -> None:
    page.get_by_label("S3 endpoint").select_option(value=_option_value(page, answers.endpoint))
    page.get_by_label("Prefix").fill(answers.prefix)
    page.get_by_label("Telemetry name").fill(answers.name)


def fill_in_date(page: Page, answers: Answers) -> None:
    page.get_by_label("Date column").select_option(answers.date_column)
    page.get_by_label("Date format").select_option(answers.date_format)


def fill_in_dimensions(page: Page, answers: Answers) -> None:
    for column in answers.dimensions:
        page.get_by_role("checkbox", name=column, exact=True).check()


def fill_in_metric(page: Page, answers: Answers) -> None:
    page.get_by_role("radio", name=answers.metric, exact=True).check()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def read_daily_totals(page: Page) -> dict[str, str]:
    """date -> value, as the table of the telemetry's page shows them."""
    region = page.get_by_role("region", name="Daily totals")
    region.wait_for()  # a click returns before the page it leads to is there
    page.wait_for_load_state()
    rows = region.locator("tbody tr")
    return {row.locator("th").inner_text(): row.locator("td").first.inner_text() for row in rows.all()}


def _option_value(page: Page, endpoint: str) -> str:
    """The endpoint's option, whose label also names its bucket."""
    option = page.get_by_label("S3 endpoint").locator("option", has_text=endpoint)
    return option.get_attribute("value") or ""
