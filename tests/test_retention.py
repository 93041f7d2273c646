"""What is kept no longer is removed: by `manage.py prune`, and daily by the schedule."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import Account, Counter, Invitation, SignIn, User
from audit.models import Entry
from commandline import retention
from commandline.tasks import prune
from config.celery import app
from config.queue import beat_schedule
from telemetry.models import Telemetry
from telemetry.models.drafts import TelemetryDraft
from tests.pages.rows import make_telemetry

OLD = {"counters": 1, "drafts": 2, "invitations": 1, "sessions": 1, "sign-ins": 1}


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture(autouse=True)
def rows(db, now) -> None:
    """Of each kind what may go, and beside it what stays."""
    account = Account.objects.create(name="Acme", slug="acme", s3_csv_telemetry=True)
    user = User.objects.create(email="ada@acme.example")
    for days in (-1, 1):
        end = now + timedelta(days=days)
        Session.objects.create(session_key=f"key{days}", session_data="", expire_date=end)
        Counter.objects.create(kind="person", who=str(days), tries=5, until=end)
        used = end - timedelta(days=180)
        SignIn.objects.create(user=user, session_key=f"key{days}", began_at=used, last_seen_at=used)
        expired = {"created_at": end, "expires_at": end - timedelta(days=90), "mailed": True}
        asked = {"account": account, "email": f"new{days}@acme.example", "invited_by": user, "role": "viewer"}
        Invitation.objects.create(digest=str(days), **asked, **expired)
    for days in (31, 31, 29):
        then = now - timedelta(days=days)
        TelemetryDraft.objects.create(account=account, user=user, created_at=then, updated_at=then)
    used_up = TelemetryDraft.objects.earliest("pk")
    TelemetryDraft.objects.filter(pk=used_up.pk).update(telemetry=make_telemetry(account))


def run(*options: str) -> dict:
    written = io.StringIO()
    call_command("prune", "--json", *options, stdout=written)
    return json.loads(written.getvalue())


def test_the_command_removes_what_is_old_and_says_how_much(now):
    assert run() == {"removed": OLD, "dry_run": False}
    assert run() == {"removed": dict.fromkeys(OLD, 0), "dry_run": False}

    assert Session.objects.get().session_key == "key1"
    assert Counter.objects.get().who == "1"
    assert TelemetryDraft.objects.get().updated_at > now - timedelta(days=30)
    assert Telemetry.objects.count() == 1  # of the draft that was used up


def test_a_dry_run_only_says_it(capsys):
    assert run("--dry-run") == {"removed": OLD, "dry_run": True}
    assert TelemetryDraft.objects.count() == 3

    call_command("prune", "--dry-run")
    assert "drafts (DRAFT_DAYS): 2 would be removed" in capsys.readouterr().out


def test_the_setting_says_after_how_long(settings):
    settings.DRAFT_DAYS = 10

    assert run("--dry-run")["removed"]["drafts"] == 3


def test_the_audit_log_has_it_once_and_nothing_where_there_was_nothing():
    prune()
    prune()

    [entry] = Entry.objects.filter(action="retention.pruned")
    assert (entry.account_id, entry.after) == (None, OLD)


def test_many_rows_go_some_at_a_time(monkeypatch, now, django_assert_max_num_queries):
    monkeypatch.setattr(retention, "BATCH_SIZE", 10)
    Counter.objects.bulk_create(
        Counter(kind="person", who=f"{number:03}", tries=1, until=now) for number in range(25)
    )
    with django_assert_max_num_queries(40):
        assert retention.prune(now=now + timedelta(seconds=1))["counters"] == 26


def test_what_is_used_again_meanwhile_stays(now):
    """Between the question what may go and its going, somebody tries once more."""

    def try_again(execute, sql, params, many, context):
        found = execute(sql, params, many, context)
        if sql.startswith("SELECT") and "accounts_counter" in sql and not used:
            used.append(Counter.objects.filter(until__lte=now).update(until=now + timedelta(minutes=15)))
        return found

    used: list[int] = []
    with connection.execute_wrapper(try_again):
        assert retention.prune(now=now)["counters"] == 0
    assert used == [1]


def test_the_schedule_does_it_daily():
    assert beat_schedule["prune"] == {"task": "commandline.tasks.prune", "schedule": 86_400.0}
    app.loader.import_default_modules()
    assert "commandline.tasks.prune" in app.tasks
