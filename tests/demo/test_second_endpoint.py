"""In the demo, with its real web server, workers and stand-in: a person adds an endpoint of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page, expect

from demo.company import CUSTOMER_ACCOUNT_ID, REGION
from demo.sample import BUCKET
from tests.browser.journey import API_REQUESTS, create_telemetry, press, read_daily_totals, sign_in
from tests.demo.running import RunningDemo

NAME = "Second bucket"
ANSWERS = replace(API_REQUESTS, endpoint=NAME, prefix="telemetry/api_requests/", name="Requests again")


def test_a_second_endpoint_passes_its_test_and_its_files_are_read_to_the_end(
    tmp_path: Path, open_page: Callable[..., Page]
):
    with RunningDemo(tmp_path / "kept") as demo:
        page = open_page()
        sign_in(page, url=demo.url, email=demo.email, password=demo.password)
        page.goto(f"{demo.url}/settings/endpoints/")
        page.get_by_role("main").get_by_role("link", name="Add Endpoint").first.click()
        page.get_by_label("Endpoint Name").fill(NAME)
        page.get_by_label("Role ARN").fill(f"arn:aws:iam::{CUSTOMER_ACCOUNT_ID}:role/MyOwnRole")
        page.get_by_label("Bucket Name").fill(BUCKET)
        page.get_by_label("Region").fill(REGION)
        press(page, "Test Endpoint")
        expect(page.get_by_role("heading", name="The connection works")).to_be_visible()
        press(page, "Add Endpoint")
        expect(page.get_by_role("heading", level=1, name=NAME)).to_be_visible()
        create_telemetry(page, url=demo.url, answers=ANSWERS)
        press(page, "Sync now")
        page.get_by_text("90 files read; 0 failed, unchanged or ignored").wait_for()
        page.goto(f"{demo.url}/settings/telemetry/")
        page.get_by_role("link", name=ANSWERS.name).click()
        assert len(read_daily_totals(page)) == 30
        assert demo.interrupt() == 0
