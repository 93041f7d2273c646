"""Redis refuses, or takes connections and never answers: every page has an answer, after a bounded wait."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from celery import Celery
from django.core import mail
from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpResponse
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import Account
from audit.models import Entry
from config import queue as queue_settings
from config import readiness, views
from core.slots import LimitReached, hold_slot
from ingestion.models import Run
from ingestion.services import recover_lost_runs
from standby import mails, queue, values
from standby.heartbeats import note_alive
from standby.models import Heartbeat, KeptTask, KeptValue, QueuedMail
from telemetry.models import Telemetry
from tests.endpoints.test_check_by_check import begin, go_on, read_token
from tests.logs import logging_to
from tests.pages.rows import make_member, make_run, make_run_file, make_telemetry, reject_rows, store_file
from tests.standin import BUCKET
from tests.wizard.walk import Walk, text_of

SECONDS = 0.3  # that one attempt waits for an answer
DAY = date(2026, 5, 1)
sender: Celery | None = None  # settings.CELERY_SENDER names it here


class Silent:
    """Takes connections, counts them and answers nothing."""

    def __init__(self) -> None:
        self.connections: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self.connections.append(self._socket.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        self._socket.close()
        for one in self.connections:
            one.close()


@pytest.fixture(params=["refuses", "is silent"])
def away(request, settings, monkeypatch) -> Iterator[Silent]:
    """No Redis for cache and queue; its `connections` are the attempts, each of which waits for SECONDS."""
    silent = Silent()
    if request.param == "refuses":
        silent.close()
    url = f"redis://127.0.0.1:{silent.port}/0"
    settings.REDIS_URL = settings.CACHE_URL = url
    options = {"timeout_seconds": SECONDS}
    settings.CACHES = {
        "default": {
            "BACKEND": "config.caches.OwnKeysCache",
            "LOCATION": url,
            "KEY_PREFIX": "of-this-test",
            "OPTIONS": options,
        }
    }
    names = ("socket_timeout", "socket_connect_timeout", "connect_retries_timeout")
    app = Celery("tests", broker=url, set_as_current=False)
    app.conf.broker_transport_options = queue_settings.SENDING | dict.fromkeys(names, SECONDS)
    monkeypatch.setattr(f"{__name__}.sender", app)
    settings.CELERY_SENDER = f"{__name__}.sender"
    yield silent
    silent.close()


@pytest.fixture
def admin(s3_account: Account) -> Client:
    client = Client()
    client.force_login(make_member(s3_account, "admin"), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def telemetry(s3_endpoint) -> Telemetry:
    telemetry = make_telemetry(s3_endpoint.account, endpoint=s3_endpoint, dimensions=["team"])
    store_file(telemetry, "1.csv", {DAY: {("a",): "1"}})
    return telemetry


def test_downloads_come_and_are_counted(away, admin, telemetry, settings):
    settings.DOWNLOADS_AT_ONCE = 1
    run = make_run(telemetry)
    reject_rows(make_run_file(run, "2.csv"), 1, reason="odd", cells={"date": "x"})
    ids = [telemetry.public_id]
    addresses = [
        reverse("telemetry:totals_csv", args=ids),
        reverse("telemetry:points_csv", args=ids),
        reverse("ingestion:current_rejects_csv", args=ids),
        reverse("ingestion:rejects_csv", args=[*ids, run.public_id]),
        reverse("accounts:audit-csv"),
    ]
    for address in addresses:
        running = admin.get(address)
        assert running.status_code == 200
        assert admin.get(addresses[0]).status_code == 429
        assert b"".join(running.streaming_content)
    assert len(away.connections) <= 1
    assert not KeptValue.objects.exists()  # every place was given back


def test_an_endpoint_is_tested_at_once_and_check_by_check(away, admin, s3_endpoint, standin):
    standin.put_object(BUCKET, "a.csv", "date,bytes\n")
    admin.post(reverse("endpoints:test", args=[s3_endpoint.public_id]))
    s3_endpoint.refresh_from_db()
    assert s3_endpoint.test_state != "untested"
    page = begin(admin, s3_endpoint)
    assert "state-passed" in go_on(admin, s3_endpoint, read_token(page))
    assert len(away.connections) <= 1


def test_the_wizard_reads_its_sample_anew_and_no_cell_enters_the_database(
    away, admin, s3_endpoint, standin, settings
):
    settings.PREVIEWS_AT_ONCE = 1
    standin.put_object(BUCKET, "mentions/1.csv", "date,company,mentions\n2026-05-01,Hooli,1\n")
    walk = Walk(admin, s3_endpoint).to("date")
    assert "Hooli" in text_of(walk.get("preview"))
    with hold_slot("look", account_id=s3_endpoint.account_id, most=1, seconds=60):
        assert walk.get("preview").status_code == 429
    walk.post("date")
    assert walk.get("dimensions").status_code == 200
    assert not KeptValue.objects.filter(key__contains="sample").exists()
    assert len(away.connections) <= 1


def test_limits_hold_for_all_processes_by_rows_of_the_database(away, db):
    with hold_slot("x", account_id=1, most=1, seconds=60):
        assert KeptValue.objects.count() == 1
        with pytest.raises(LimitReached), hold_slot("x", account_id=1, most=1, seconds=60):
            pass
        with hold_slot("x", account_id=2, most=1, seconds=60):
            pass
    assert cache.add("n", 1, 60)
    assert [cache.incr("n"), cache.incr("n"), cache.get("n")] == [2, 3, 3]
    assert cache.add("over", 1, 0)
    assert cache.get("over") is None
    assert cache.add("over", 2, 60)
    cache.set("over", {"a": [1]}, 60)
    assert cache.get("over") == {"a": [1]}
    assert not cache.add("too long", "x" * values.MAX_BYTES, 60)
    assert values.forget_expired(now=timezone.now() + timedelta(hours=1)) == 2


@pytest.mark.django_db(transaction=True)
class TestSyncs:
    def test_sync_now_keeps_the_run_and_says_that_it_begins_later(self, away, standin, admin, telemetry):
        address = reverse("ingestion:sync", args=[telemetry.public_id])
        page = text_of(admin.post(address, follow=True))
        run = Run.objects.get()
        assert (run.state, "The work queue does not answer" in page) == ("queued", True)
        assert "begins by itself a minute or so after the queue is back" in page
        assert len(away.connections) <= 1

    def test_every_other_run_does_so_too(self, away, admin, telemetry):
        ids = [telemetry.public_id]
        asked = {
            reverse("ingestion:again", args=ids): {},
            reverse("ingestion:reimport", args=ids): {"from": ""},
            reverse("telemetry:change", args=ids): {"dimensions": [], "overlap": "add"},
            reverse("ingestion:activate", args=ids): {},
        }
        for address, form in asked.items():
            Run.objects.all().delete()
            assert "begins by itself" in text_of(admin.post(address, form, follow=True)), address
            assert Run.objects.get().state == "queued"
        assert len(away.connections) <= 1

    def test_the_schedule_puts_it_into_the_queue_once_that_is_back(
        self, away, admin, telemetry, settings, monkeypatch
    ):
        admin.post(reverse("ingestion:sync", args=[telemetry.public_id]))
        queue.forget_failure()
        sent = []
        monkeypatch.setattr(sender, "send_task", lambda name, kwargs, **_: sent.append((name, kwargs)))
        later = timezone.now() + timedelta(seconds=5 * settings.RUN_HEARTBEAT_SECONDS)
        assert recover_lost_runs(now=later) == 1
        assert sent == [("ingestion.tasks.run_requested_sync", {"run_id": Run.objects.get().pk})]


def ask_for_reset(email: str) -> HttpResponse:
    with TestCase.captureOnCommitCallbacks(execute=True):
        return Client().post("/accounts/password/reset/", {"email": email})


class TestMails:
    def test_a_forgotten_password_has_its_page_and_its_mail_later(
        self, away, s3_account, monkeypatch, mailoutbox
    ):
        user = make_member(s3_account, "viewer")
        pages = [ask_for_reset(email) for email in (user.email, "nobody@acme.example")]
        assert [page.status_code for page in pages] == [200, 200]
        assert KeptTask.objects.count() == 2  # of nobody it says nothing yet, as the queue does not
        assert len(away.connections) <= 2

        queue.forget_failure()
        monkeypatch.setattr(sender, "send_task", lambda name, kwargs, **_: import_string(name)(**kwargs))
        with TestCase.captureOnCommitCallbacks(execute=True):
            assert queue.send_kept(now=timezone.now()) == 2
        assert [sent.to for sent in mailoutbox] == [[user.email]]
        assert not KeptTask.objects.exists()
        assert not QueuedMail.objects.exists()
        assert Entry.objects.filter(action="person.password_reset_sent").exists()

    def test_what_was_kept_for_too_long_is_dropped_unsent(self, away, s3_account):
        ask_for_reset("nobody@acme.example")
        assert queue.send_kept(now=timezone.now() + timedelta(hours=2)) == 0
        assert not KeptTask.objects.exists()

    def test_no_more_is_kept_than_so_much(self, away, db, monkeypatch):
        monkeypatch.setattr(queue, "MAX_KEPT", 1)
        kept = [queue.send_or_keep("x", good_for=timedelta(hours=1)) for _ in range(2)]
        assert kept == [True, False]

    def test_a_mail_waits_for_a_mail_server_and_goes_once(self, db, monkeypatch, mailoutbox):
        now = timezone.now()
        kept = mails.keep_mail(to="a@b.example", subject="s", text="link", good_for=timedelta(hours=1))

        def refuse(**_kwargs: object) -> None:
            raise ConnectionRefusedError

        with monkeypatch.context() as patch:
            patch.setattr(mails, "send_mail", refuse)
            assert not mails.deliver(mail=kept, now=now)
        assert not mails.deliver(mail=kept, now=now)  # whoever read the row before is too late
        assert mails.send_waiting(now=now) == 0  # it is not tried again at once
        assert mails.send_waiting(now=now + mails.FIRST_PAUSE) == 1
        assert [(sent.to, sent.body) for sent in mail.outbox] == [(["a@b.example"], "link")]
        assert not QueuedMail.objects.exists()

    def test_a_mail_that_came_too_late_is_not_sent(self, db, mailoutbox):
        mails.keep_mail(to="a@b.example", subject="s", text="link", good_for=timedelta(hours=1))
        assert mails.send_waiting(now=timezone.now() + timedelta(hours=1)) == 0
        assert not mailoutbox
        assert not QueuedMail.objects.exists()

    def test_a_mail_of_a_page_is_kept_while_the_queue_is_away(
        self, away, db, django_capture_on_commit_callbacks, mailoutbox
    ):
        with django_capture_on_commit_callbacks(execute=True):
            mails.send_mail_later(to="a@b.example", subject="s", text="t", good_for=timedelta(hours=1))
        assert QueuedMail.objects.count() == 1
        assert mails.send_waiting(now=timezone.now()) == 1
        assert len(mailoutbox) == 1


PROCESSES = ("scheduler", "mail workers", "interactive workers", "nightly workers")


def note_everything_alive() -> None:
    note_alive(names=PROCESSES, now=timezone.now())


class TestHealth:
    @pytest.fixture(autouse=True)
    def first_look(self, monkeypatch, settings):
        settings.REDIS_TIMEOUT_SECONDS = SECONDS
        monkeypatch.setattr(views, "_missing", {})

    @pytest.fixture
    def as_operator(self, settings) -> dict[str, str]:
        settings.READYZ_TOKEN = "a token of sixteen characters"
        return {"Authorization": f"Bearer {settings.READYZ_TOKEN}"}

    def test_readyz_names_what_is_missing_to_operators_and_healthz_asks_nothing(
        self, away, transactional_db, as_operator
    ):
        note_everything_alive()
        assert Client().get("/readyz").json() == {"ok": False}
        answer = Client().get("/readyz", headers=as_operator)
        assert answer.status_code == 503
        missing = "does not answer"
        services = {"database": "ok", "cache": missing, "queue": missing}
        assert answer.json() == {"ok": False, **services, **dict.fromkeys(PROCESSES, "ok")}
        before = len(away.connections)
        assert Client().get("/healthz").status_code == 200
        assert len(away.connections) == before

    def test_readyz_without_a_database_and_with_one_that_hangs(self, db, monkeypatch, as_operator):
        hangs = threading.Event()

        class Away:
            def __init__(self, ask: Callable[[], object]) -> None:
                self.cursor = ask

            def close(self) -> None:
                pass

        def fail() -> None:
            raise DatabaseError

        monkeypatch.setattr(readiness, "DATABASE_SECONDS", 0.2)
        for ask in (fail, hangs.wait):
            monkeypatch.setattr(readiness, "connection", Away(ask))
            answer = Client().get("/readyz", headers=as_operator)
            assert (answer.status_code, answer.json()["database"]) == (503, "does not answer")
            assert answer.json()["scheduler"] == "unknown without a database"
            assert Client().get("/readyz").status_code == 503
        hangs.set()

    def test_readyz_with_everything(self, transactional_db, as_operator):
        note_everything_alive()
        services = dict.fromkeys(("database", "cache", "queue", *PROCESSES), "ok")
        assert Client().get("/readyz", headers=as_operator).json() == {"ok": True, **services}
        assert Client().get("/readyz").json() == {"ok": True}

    def test_readyz_names_the_one_process_that_is_silent_and_serves_all_the_same(
        self, transactional_db, as_operator
    ):
        at = timezone.now() - timedelta(minutes=2)
        for silent in PROCESSES:
            note_everything_alive()
            note_alive(names=[silent], now=at)
            answer = Client().get("/readyz", headers=as_operator)
            told = {name: text for name, text in answer.json().items() if text != "ok"}
            assert told == {"ok": False, silent: f"not seen since {at.isoformat(timespec='seconds')}"}
            assert answer.status_code == 503
            assert Client().get("/readyz").status_code == 200
        Heartbeat.objects.all().delete()
        assert Client().get("/readyz", headers=as_operator).json()["scheduler"] == "never seen"

    @pytest.mark.parametrize("token", ["", "Bearer ", "Bearer of another token", "Basic Og=="])
    def test_readyz_tells_strangers_nothing(self, db, settings, as_operator, token):
        assert Client().get("/readyz", headers={"Authorization": token}).json() == {"ok": True}
        settings.READYZ_TOKEN = ""
        for headers in ({"Authorization": token}, as_operator):
            assert Client().get("/readyz", headers=headers).json() == {"ok": True}

    def test_what_is_missing_is_a_line_in_the_log_once(self, away, db):
        with logging_to(io.StringIO(), as_json=[True], level="INFO") as written:
            for _ in range(3):
                Client().get("/readyz")
        lines = [line for line in written.getvalue().splitlines() if "not ready" in line]
        assert len(lines) == 1
        assert json.loads(lines[0])["queue"] == "does not answer"
