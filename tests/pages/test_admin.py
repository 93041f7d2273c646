from __future__ import annotations

from datetime import date

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import Account, User
from core.paging import CappedPaginator
from ingestion.models import RunHelper, Source
from telemetry.models import DailyTotal, DataPoint, PointBlock, Telemetry
from telemetry.models.drafts import TelemetryDraft
from tests.pages.rows import (
    NOON,
    make_endpoint,
    make_member,
    make_run,
    make_run_file,
    make_telemetry,
    reject_rows,
    store_file,
)

HISTORY = [
    "ingestion.run",
    "ingestion.runfile",
    "ingestion.rejectedrow",
    "telemetry.dimension",
    "ingestion.sourcefile",
    "ingestion.fileday",
    "telemetry.series",
    "telemetry.dailytotal",
]


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.com", "correct horse"))
    return client


@pytest.fixture
def telemetry(account: Account) -> Telemetry:
    telemetry = make_telemetry(account)
    store_file(telemetry, "1.csv", {date(2026, 5, 1): {("a", "b"): "1"}})
    reject_rows(make_run_file(make_run(telemetry), "1.csv"), 1, reason="no date", cells={"date": "x"})
    return telemetry


def page(model: str, action: str, *args: object) -> str:
    return reverse(f"admin:{model.replace('.', '_')}_{action}", args=args)


def first(model: str) -> int:
    return (
        admin.site._registry
        and next(found for found in admin.site._registry if found._meta.label_lower == model)
        ._default_manager.first()
        .pk
    )


@pytest.mark.parametrize("model", HISTORY)
def test_history_can_be_looked_at_and_searched(operator, telemetry, model):
    listed = operator.get(page(model, "changelist"), {"q": "requests"})
    assert listed.status_code == 200
    assert operator.get(page(model, "change", first(model))).status_code == 200


@pytest.mark.parametrize("model", HISTORY)
def test_history_cannot_be_added_to_changed_or_deleted(operator, telemetry, model):
    pk = first(model)
    assert operator.get(page(model, "add")).status_code == 403
    assert operator.post(page(model, "change", pk), {}).status_code == 403
    assert operator.post(page(model, "delete", pk), {"post": "yes"}).status_code == 403
    operator.post(
        page(model, "changelist"), {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}
    )
    assert first(model) == pk


def test_a_tampered_form_changes_neither_identifier_nor_where_data_come_from(operator, account, telemetry):
    other = make_endpoint(account, "Other")
    sent = {
        "name": "Renamed",
        "description": "",
        "status": "active",
        "identifier": "stolen",
        "metric_column": "stolen",
        "account": "999",
        "endpoint": str(other.pk),
        "prefix": "elsewhere/",
        "date_format": "yyyy/MM/dd",
        "dimensions-TOTAL_FORMS": "0",
        "dimensions-INITIAL_FORMS": "0",
    }
    assert operator.post(page("telemetry.telemetry", "change", telemetry.pk), sent).status_code == 302
    changed = Telemetry.objects.get(pk=telemetry.pk)
    assert changed.name == "Renamed"
    for name in ("identifier", "account_id", "endpoint_id", "prefix", "date_format"):
        assert getattr(changed, name) == getattr(telemetry, name)


def test_a_telemetry_is_neither_added_nor_deleted_here(operator, telemetry):
    assert operator.get(page("telemetry.telemetry", "add")).status_code == 403
    assert (
        operator.post(page("telemetry.telemetry", "delete", telemetry.pk), {"post": "yes"}).status_code == 403
    )


def test_drafts_are_listed_and_may_be_deleted(operator, account):
    draft = TelemetryDraft.objects.create(
        account=account, user=make_member(account, "manager"), created_at=NOON, updated_at=NOON
    )
    assert operator.get(page("telemetry.telemetrydraft", "changelist")).status_code == 200
    operator.post(page("telemetry.telemetrydraft", "delete", draft.pk), {"post": "yes"})
    assert not TelemetryDraft.objects.exists()


def test_every_model_is_registered_but_the_one_admin_cannot_take():
    registered = set(admin.site._registry)
    ours = {*apps.get_app_config("telemetry").get_models(), *apps.get_app_config("ingestion").get_models()}
    # A helper is there while somebody works; a source is shown as what it is.
    assert ours - registered == {DataPoint, PointBlock, RunHelper, Source}


def test_a_list_counts_no_further_than_its_last_page(telemetry, monkeypatch):
    assert CappedPaginator(DailyTotal.objects.order_by("pk"), 50).count == DailyTotal.objects.count() == 3
    monkeypatch.setattr("core.paging.MAX_COUNTED", 2)
    assert CappedPaginator(DailyTotal.objects.order_by("pk"), 50).count == 2
