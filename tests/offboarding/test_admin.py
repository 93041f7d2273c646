"""Django admin removes an account by a page of its own; a worker carries it out."""

from __future__ import annotations

import pytest
from django.urls import reverse
from kombu.exceptions import OperationalError

from accounts.models import Account, User
from config.celery import sender
from offboarding.tasks import remove_account
from tests.offboarding.conftest import Tenant


@pytest.fixture
def operator(db, client):
    client.force_login(User.objects.create_superuser("ops@denominator.example"))
    return client


@pytest.fixture
def sent(monkeypatch):
    sent = []
    monkeypatch.setattr(sender, "send_task", lambda name, kwargs, **_: sent.append((name, kwargs)))
    return sent


def page_of(account: Account) -> str:
    return reverse("admin:accounts_account_delete", args=[account.pk])


def test_the_page_says_what_goes_and_asks_for_the_slug(acme: Tenant, operator, sent):
    page = operator.get(page_of(acme.account)).content.decode()
    assert "telemetries: 1" in page
    assert "Remove account" in page
    answer = operator.post(page_of(acme.account), {"slug": "other"})
    assert "Type acme to remove this account" in answer.content.decode()
    acme.account.refresh_from_db()
    assert (acme.account.s3_csv_telemetry, sent) == (True, [])


def test_confirmed_it_deactivates_at_once_and_a_worker_does_the_rest(
    acme: Tenant, operator, sent, settings, tmp_path
):
    settings.ACCOUNT_EXPORTS_DIR = tmp_path
    answer = operator.post(page_of(acme.account), {"slug": "acme", "export": "on"}, follow=True)
    assert "was deactivated. A worker removes it now." in answer.content.decode()
    acme.world.telemetry.refresh_from_db()
    assert acme.world.telemetry.status == "inactive"
    [(name, kwargs)] = sent
    assert name == "offboarding.tasks.remove_account"
    for _ in range(2):  # delivered twice
        remove_account(**kwargs)
    assert not any(acme.list_rows().values())
    assert (tmp_path / "acme" / "account.json").exists()


def test_a_worker_leaves_an_account_alone_that_was_opened_again_meanwhile(acme: Tenant):
    remove_account(account_id=acme.account.pk, export=False)
    assert acme.list_rows()["telemetry_pointblock"]


def test_where_the_queue_is_away_it_says_what_to_do(acme: Tenant, operator, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OperationalError("away")

    monkeypatch.setattr(sender, "send_task", refuse)
    answer = operator.post(page_of(acme.account), {"slug": "acme"}, follow=True)
    assert "manage.py remove_account acme" in answer.content.decode()


def test_the_list_leads_to_that_page_and_deletes_nothing_itself(acme: Tenant, operator):
    changelist = reverse("admin:accounts_account_changelist")
    assert "delete_selected" not in operator.get(changelist).content.decode()
    answer = operator.post(changelist, {"action": "remove", "_selected_action": acme.account.pk})
    assert answer.url == page_of(acme.account)
