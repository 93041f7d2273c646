"""What never changes is held by the database itself, whoever writes: services, admin, a shell or SQL."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from accounts.models import Account
from endpoints.models import S3Endpoint
from telemetry.models import Telemetry
from tests.pages.rows import make_account, make_telemetry


@pytest.fixture
def telemetry(db: None) -> Telemetry:
    return make_telemetry(make_account())


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Telemetry, {"identifier": "another"}),
        (Telemetry, {"account": "other"}),
        (S3Endpoint, {"external_id": "chosen"}),
        (S3Endpoint, {"account": "other"}),
    ],
)
def test_it_cannot_be_updated(telemetry, model, change):
    if "account" in change:
        change = {"account": Account.objects.create(name="Other", slug="other")}
    with pytest.raises(DatabaseError, match="cannot change"), transaction.atomic():
        model.objects.update(**change)


def test_the_rest_can(telemetry):
    assert Telemetry.objects.update(name="New", identifier=telemetry.identifier) == 1
    assert S3Endpoint.objects.update(name="New") == 1
