"""The range and the grouping stay: presets, pages of days and the calendar hand them on."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import pytest

from tests.pages.rows import make_telemetry, sign_in, store_file

DAY = date(2026, 5, 19)
ASKED = "?from=2026-05-01&to=2026-05-19&by=team&page=1"


@pytest.fixture
def telemetry(account):
    telemetry = make_telemetry(account)
    store_file(telemetry, "1.csv", {DAY: {("a", "b"): "1"}})
    return telemetry


@pytest.fixture
def client(account):
    return sign_in(account, "viewer")


def links(client, url: str) -> dict[str, str]:
    page = client.get(url).content.decode()
    found = re.findall(r'<a[^>]*href="([^"]*)"[^>]*>(.*?)</a>', page, re.S)
    return {re.sub(r"<[^>]+>", "", text).strip(): unescape(target) for target, text in found}


def test_presets_keep_the_stacking(client, telemetry):
    found = links(client, f"/settings/telemetry/{telemetry.public_id}/{ASKED}&months=2026-05")
    assert found["Newest 30 dates"] == "?by=team&months=2026-05"
    assert found["All dates"] == "?to=2026-05-19&by=team&months=2026-05"


def test_a_day_and_its_way_back_keep_range_and_stacking(client, telemetry):
    own = f"/settings/telemetry/{telemetry.public_id}/"
    to_day = links(client, own + ASKED)["19 May 2026"]
    assert to_day == f"{own}days/2026-05-19/{ASKED}"
    assert links(client, to_day)[telemetry.name] == own + ASKED
    assert links(client, f"{own}days/2026-05-19/?by=%22%3E&x=1")[telemetry.name] == f"{own}?by=%22%3E"
    assert links(client, f"{own}days/2026-05-19/")[telemetry.name] == own


def test_htmx_gets_the_whole_page_for_another_stacking(client, telemetry):
    url = f"/settings/telemetry/{telemetry.public_id}/{ASKED}"
    page = client.get(url, headers={"HX-Request": "true", "HX-Target": "main"}).content.decode()
    assert '<main id="main"' in page
    assert "stacked by" in page
