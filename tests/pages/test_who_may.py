"""Who gets which page: members by role, other accounts, accounts without the beta, nobody."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from accounts.models import Account
from ingestion.models import Run
from telemetry.models import Telemetry
from tests.pages.rows import make_account, make_run, make_telemetry, sign_in, store_file

READ = ["", "days/2026-05-01/", "files/", "totals.csv", "points.csv", "runs/", "runs/{run}/"]
READ += ["runs/{run}/rejected-rows.csv", "rejected-rows.csv"]
CHANGE = ["edit/", "delete/", "deactivate/", "reimport/", "change/"]
POST = ["sync/", "activate/", "again/", "runs/{run}/apply/", *CHANGE]


@pytest.fixture
def telemetry(account: Account) -> Telemetry:
    telemetry = make_telemetry(account)
    store_file(telemetry, "1.csv", {date(2026, 5, 1): {("a", "b"): "1"}})
    make_run(telemetry)
    return telemetry


def url(telemetry: Telemetry, rest: str) -> str:
    return f"/settings/telemetry/{telemetry.public_id}/" + rest.format(run=Run.objects.get().public_id)


@pytest.mark.parametrize("rest", READ)
def test_every_member_may_read(account, telemetry, rest):
    for role in ("viewer", "manager", "admin"):
        assert sign_in(account, role).get(url(telemetry, rest)).status_code == 200


@pytest.mark.parametrize("rest", CHANGE)
def test_a_viewer_may_not_open_what_changes_something(account, telemetry, rest):
    assert sign_in(account, "viewer").get(url(telemetry, rest)).status_code == 403
    assert sign_in(account, "manager").get(url(telemetry, rest)).status_code == 200


@pytest.mark.parametrize("rest", POST)
def test_a_viewer_changes_nothing(account, telemetry, rest):
    answer = sign_in(account, "viewer").post(url(telemetry, rest), {"identifier": "requests", "name": "x"})
    assert answer.status_code == 403
    assert Telemetry.objects.filter(name="requests a day", status="active").exists()
    assert Run.objects.count() == 1


def test_a_viewer_sees_none_of_the_buttons(account, telemetry):
    page = sign_in(account, "viewer").get(url(telemetry, "")).content.decode()
    for label in ("Sync now", "Deactivate", ">Edit<"):
        assert label not in page
        assert label in sign_in(account, "manager").get(url(telemetry, "")).content.decode()


@pytest.mark.parametrize("rest", READ + CHANGE)
def test_another_accounts_pages_are_as_if_they_did_not_exist(telemetry, rest):
    stranger = sign_in(make_account("Beta"), "admin")
    unknown = "/settings/telemetry/00000000-0000-4000-8000-000000000000/files/"
    answer = stranger.get(url(telemetry, rest))
    assert answer.status_code == 404
    assert telemetry.name.encode() not in answer.content
    assert stranger.get(unknown).status_code == 404


@pytest.mark.parametrize("rest", POST)
def test_another_accounts_telemetry_cannot_be_changed(telemetry, rest):
    stranger = sign_in(make_account("Beta"), "admin")
    answer = stranger.post(url(telemetry, rest), {"identifier": "requests", "name": "x"})
    assert answer.status_code == 404
    assert Telemetry.objects.filter(name="requests a day", status="active").exists()
    assert Run.objects.count() == 1


def test_a_run_is_found_under_its_own_telemetry_alone(account, telemetry):
    other = make_telemetry(account, "other")
    assert sign_in(account, "viewer").get(url(other, "runs/{run}/")).status_code == 404


@pytest.mark.parametrize("rest", ["", "files/", "runs/", "totals.csv"])
def test_who_is_not_signed_in_is_sent_to_sign_in(telemetry, rest):
    answer = Client().get(url(telemetry, rest))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_without_the_beta_pages_say_how_to_ask_for_it(account, telemetry):
    Account.objects.update(s3_csv_telemetry=False)
    client = sign_in(account, "admin")
    for path in ("/settings/telemetry/", url(telemetry, "")):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "is not enabled for Acme" in answer.content.decode()
        assert telemetry.name not in answer.content.decode()
    assert client.post(url(telemetry, "sync/")).status_code == 403
