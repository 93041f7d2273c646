"""Every table fits a laptop with names as companies have them; a phone scrolls it inside its own region.

Tables with a column for each value or column of somebody's data (daily totals that are stacked, a sample
of a file of forty columns) are as wide as that data, and scroll.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from audit.origin import Origin, acting
from audit.services import record
from endpoints.models import S3Endpoint
from ingestion.models import Run, SourceFile
from telemetry.models import Telemetry
from tests.browser.journey import sign_in
from tests.browser.watching import NARROW, SETTLED_WIDTH
from tests.browser.world import EMAIL, PASSWORD, World, make_person
from tests.pages.rows import make_run, make_run_file, make_telemetry, reject_rows, store_file
from tests.standin import make_endpoint

pytestmark = pytest.mark.django_db(transaction=True)
LAPTOP = {"width": 1280, "height": 900}
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
LONG_EMAIL = "maximiliana.featherstonehaugh-cholmondeley@analytics.acme-industries.example"
FOLDER = "exports/business_metrics/daily/region=eu-central-1"
# The name of each table, and how much wider than its region it is.
OVERFLOWS = """() => [...document.querySelectorAll(".table-responsive")].map((region) => [
    region.querySelector("caption").textContent, region.scrollWidth - region.clientWidth
])"""


@pytest.fixture
def world(world: World) -> World:
    """With names as long as they come."""
    endpoint = make_endpoint(
        world.account,
        name="Business metrics lake of the European subsidiaries (production)",
        description="What the data platform team exports every night, by region and product.",
        bucket="acme-industries-business-metrics-lake-eu-central-1-production",
        path_prefix="exports/business_metrics/daily",
        region="ap-southeast-2",
    )
    endpoint.save()
    for number in range(3):
        make_long_telemetry(world, endpoint, number)
    write_log(world, endpoint)
    return world


def make_long_telemetry(world: World, endpoint: S3Endpoint, number: int) -> Telemetry:
    """A telemetry with long names, ten-digit numbers, and a run of each kind."""
    author = make_person(world.account, role="manager", email=f"{number}.{LONG_EMAIL}")
    telemetry = make_telemetry(
        world.account,
        f"monthly_active_subscription_seats_{number}",
        endpoint=endpoint,
        name=f"Monthly active subscription seats by business unit and environment, part {number}",
        prefix=f"region=eu-central-1/subscription_seats/year=2026/part_{number}",
        dimensions=["business_unit_of_the_customer", "environment", "subscription_plan"],
        created_by=author,
    )
    now = timezone.now()
    values = [("Shared platform and infrastructure services", "production", "enterprise")]
    days = {
        (now - timedelta(days=back)).date(): dict.fromkeys(values, "98765432109.25") for back in (1, 2, 3)
    }
    file = store_file(telemetry, f"{FOLDER}/subscription_seats/part-00000-{number}.snappy.csv.gz", days)
    SourceFile.objects.filter(pk=file.pk).update(
        etag="d41d8cd98f00b204e9800998ecf8427e-123", rows_read=1_234_567_890, rows_rejected=12_345_678
    )
    telemetry.source_files.create(
        key=f"{FOLDER}/subscription_seats/2026-05-20T00:00:00Z-{'0123456789abcdef' * 4}.csv",
        etag="d41d8cd98f00b204e9800998ecf8427e-123",
        size=5_368_709_120,
        last_modified=now,
        state="failed",
        message=f"The header has two columns that are called {'business_unit_' * 4}. Give each its own name.",
    )
    counts = {"files_read": 123_456, "files_unchanged": 1_234_567, "files_ignored": 123_456}
    counts |= {"files_failed": 12_345, "rows_read": 1_234_567_890, "rows_rejected": 12_345_678}
    for back, state in enumerate((*Run.State.values[2:], "failed")):
        at = now - timedelta(days=back)
        run = make_run(
            telemetry, state, created_at=at, requested_by=author, points_written=987_654_321, **counts
        )
        for name in ("read", "failed"):
            made = make_run_file(run, file.key + name, name, source_file=file, message=f"{AGENT} " * 2)
            cells = {"date": "2026-05-20", "environment": "production", telemetry.identifier: "1,234,567.89"}
            reject_rows(made, 2, reason="the metric is not a decimal number", cells=cells)
    return telemetry


def write_log(world: World, endpoint: S3Endpoint) -> None:
    """What one does with it all, from afar."""
    address = "2001:db8:85a3:1234:5678:8a2e:370:7334"
    origin = Origin(via="page", actor=f"0.{LONG_EMAIL}", address=address, agent=AGENT)
    before = {"role_arn": endpoint.role_arn, "path_prefix": endpoint.path_prefix, "name": "Metrics"}
    after = {
        "role_arn": f"{endpoint.role_arn}-of-the-second-account",
        "path_prefix": FOLDER,
        "name": endpoint.name,
    }
    with acting(lambda: origin):
        record("endpoint.changed", account=world.account, target=endpoint, before=before, after=after)
        for telemetry in Telemetry.objects.all():
            record("telemetry.created", account=world.account, target=telemetry, after={"status": "active"})


def list_paths(world: World) -> list[str]:
    telemetry = Telemetry.objects.get(identifier="monthly_active_subscription_seats_0")
    under = f"/settings/telemetry/{telemetry.public_id}/"
    run = telemetry.runs.get(state="incomplete")
    day = telemetry.data_through
    return [
        "/settings/telemetry/?status=all",
        under,
        f"{under}days/{day}/",
        f"{under}files/",
        f"{under}runs/",
        f"{under}runs/{run.public_id}/",
        "/settings/endpoints/",
        "/settings/members/",
        "/settings/audit/",
    ]


def test_no_table_scrolls_sideways_on_a_laptop_and_no_page_on_a_phone(
    world: World, live_server: LiveServer, open_page: Callable[..., Page]
):
    page = open_page()
    sign_in(page, url=live_server.url, email=EMAIL, password=PASSWORD)
    seen: list[str] = []
    wide: list[str] = []
    for path in list_paths(world):
        page.goto(live_server.url + path)
        page.set_viewport_size(LAPTOP)
        for name, overflow in page.evaluate(OVERFLOWS):
            seen.append(name)
            wide += [f"{path}: {name} is {overflow} px too wide"] if overflow > 0 else []
        page.set_viewport_size(NARROW)
        width = page.evaluate(SETTLED_WIDTH, NARROW["width"])
        wide += [f"{path} is {width} px wide on a phone"] if width > NARROW["width"] else []
    assert "\n".join(wide) == ""
    assert set(seen) >= {"Telemetries", "Runs", "Files", "Endpoints", "Members", "Daily totals"}
