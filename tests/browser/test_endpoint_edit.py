"""An endpoint's change, tested before it is saved."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from demo.standin import StandIn
from tests.browser.journey import press, sign_in
from tests.browser.test_first_steps import run_test
from tests.browser.watching import find_problems
from tests.browser.world import EMAIL, PASSWORD, make_person, put_files
from tests.standin import make_endpoint, trust

pytestmark = pytest.mark.django_db(transaction=True)
OTHER_ROLE = "arn:aws:iam::210987654321:role/Other"


def test_a_change_is_tested_check_by_check_and_then_saved_with_its_result(
    s3_account,
    s3_endpoint,
    standin: StandIn,
    live_server: LiveServer,
    open_page: Callable[..., Page],
):
    make_person(s3_account)
    put_files(standin, today=timezone.now().date())
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    page.goto(f"{live_server.url}/settings/endpoints/{s3_endpoint.public_id}/edit/")
    page.get_by_label("Role ARN").fill(OTHER_ROLE)
    run_test(page)
    expect(page.get_by_role("heading", name="The connection does not work yet")).to_be_visible()
    expect(page.get_by_text("You can save the changes anyway")).to_be_visible()
    expect(page.get_by_label("Role ARN")).to_have_value(OTHER_ROLE)
    trust(standin, make_endpoint(s3_account, external_id=s3_endpoint.external_id, role_arn=OTHER_ROLE))
    run_test(page)
    expect(page.get_by_role("heading", name="The connection works")).to_be_visible()
    assert "\n".join(find_problems(page)) == ""
    press(page, "Save changes")
    expect(page.get_by_role("heading", level=1, name=s3_endpoint.name)).to_be_visible()
    expect(page.locator("#test-state")).to_have_text("Passed")
