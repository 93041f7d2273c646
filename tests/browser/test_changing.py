"""Changing dimensions as people do: boxes to tick, what is lost said before it is done."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from demo.standin import StandIn
from ingestion.models import Run
from ingestion.services import create_run
from ingestion.work import execute_run
from telemetry.models import Telemetry
from tests.browser.journey import press, sign_in
from tests.browser.watching import find_problems
from tests.browser.world import EMAIL, PASSWORD, make_person, put_files
from tests.pages.rows import make_telemetry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def telemetry(s3_account, s3_endpoint, standin: StandIn) -> Telemetry:
    """By team and plan, synced."""
    make_person(s3_account)
    put_files(standin, today=timezone.now().date())
    telemetry = make_telemetry(
        s3_account, endpoint=s3_endpoint, prefix="usage/", dimensions=["team", "plan"], name="Requests"
    )
    create_run(source=telemetry, trigger="manual", now=timezone.now())
    carry_out()
    return telemetry


def carry_out() -> None:
    """The run that was asked for last, as a worker does it."""
    assert execute_run(run_id=Run.objects.latest("pk").pk, clock=timezone.now)


def test_what_a_change_loses_is_said_and_one_of_no_use_has_no_apply(
    telemetry: Telemetry, live_server: LiveServer, open_page: Callable[..., Page]
):
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    own = f"{live_server.url}/settings/telemetry/{telemetry.public_id}"
    page.goto(f"{own}/change/")
    for column in ("team", "plan"):
        expect(page.get_by_role("checkbox", name=column, exact=True)).to_be_checked()
    expect(page.get_by_role("checkbox")).to_have_count(2)
    assert "\n".join(find_problems(page)) == ""
    press(page, "Show what would change")
    expect(page.get_by_role("alert")).to_contain_text("are these already")
    page.get_by_role("checkbox", name="team", exact=True).uncheck()
    page.get_by_role("checkbox", name="plan", exact=True).uncheck()
    press(page, "Show what would change")
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    carry_out()
    expect(page.get_by_text("You lose the breakdown by team and plan")).to_be_visible()  # the page asks again
    expect(page.get_by_role("button", name="Apply these changes")).to_be_visible()
    assert "\n".join(find_problems(page)) == ""
    page.goto(f"{own}/reimport/")
    press(page, "Show what would change")
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    carry_out()
    expect(page.get_by_text("Nothing would change, so there is nothing to apply.")).to_be_visible()
    expect(page.get_by_role("button", name="Apply these changes")).to_have_count(0)
    assert "\n".join(find_problems(page)) == ""
