"""Every task that a web process sends: from a page of a fresh gunicorn to a worker, by a real Redis."""

from __future__ import annotations

import http.client
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.marks import FIELD, make_mark
from accounts.models import Account, User
from accounts.services import add_member, create_account
from config import queue as config
from config.celery import app
from ingestion.models import Run
from standby.models import Heartbeat
from tests.environment import FOLDER
from tests.ingestion.world import World
from tests.test_slow_clients import serve
from tests.workers.conftest import has_ended, wait_until

TOKEN = "a" * 32
FROM_PAGES = {
    "accounts.tasks.send_password_reset",
    "standby.tasks.send_mail",
    "ingestion.tasks.run_requested_sync",
    "offboarding.tasks.remove_account",
}
FROM_WORKERS = {"ingestion.tasks.run_sync", "ingestion.tasks.help_run"}


def test_every_task_is_sent_by_a_page_a_worker_or_the_schedule():
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    scheduled = {entry["task"] for entry in config.beat_schedule.values()}
    assert ours == FROM_PAGES | FROM_WORKERS | scheduled


class Person:
    """Somebody's browser, on a real server."""

    def __init__(self, port: int, *, user: User | None = None, account: Account | None = None) -> None:
        self._port, self._mark = port, make_mark(user=user, account=account)
        self._cookies = f"{settings.CSRF_COOKIE_NAME}={TOKEN}"
        if user:
            client = Client()
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            self._cookies += f"; {settings.SESSION_COOKIE_NAME}={session}"

    def post(self, path: str, **fields: str) -> None:
        body = urlencode({"csrfmiddlewaretoken": TOKEN, FIELD: self._mark, **fields})
        headers = {"Cookie": self._cookies, "Content-Type": "application/x-www-form-urlencoded"}
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.request("POST", path, body, headers)
        assert connection.getresponse().status in {200, 302}, path
        connection.close()


@pytest.fixture
def mails() -> Path:
    folder = FOLDER / "mails-of-pages"
    folder.mkdir(exist_ok=True)
    return folder


def list_recipients(mails: Path) -> set[str]:
    lines = [line for file in mails.iterdir() for line in file.read_text().splitlines()]
    return {line.removeprefix("To: ") for line in lines if line.startswith("To: ")}


def test_what_a_page_sends_a_worker_does(standin, s3_endpoint, queue, mails):
    world = World(standin, s3_endpoint)
    world.put("a.csv", [("2024-05-01", "core", "1.5")], minute=0)
    account, leaving = s3_endpoint.account, create_account(name="Leaving")
    asked = {"email": "ada@acme.example", "role": "admin", "password": "a password of hers"}
    admin = add_member(account=account, **asked)[0].user
    operator = User.objects.create_superuser("ops@denominator.example")
    mailing = {"EMAIL_URL": f"filemail:///{mails}"}
    queue.start_worker(**mailing, SITE_URL="https://testserver")
    with serve(**mailing, REDIS_URL=queue.url, CACHE_URL="", SITE_URL="https://testserver") as port:
        Person(port).post(reverse("accounts:password-reset"), email=admin.email)
        ada = Person(port, user=admin, account=account)
        ada.post(reverse("accounts:member-add"), email="new@acme.example", role="viewer")
        ada.post(reverse("ingestion:sync", args=[world.telemetry.public_id]))
        ops = Person(port, user=operator)
        ops.post(reverse("admin:accounts_account_delete", args=[leaving.pk]), slug=leaving.slug)
        wait_until(lambda: {admin.email, "new@acme.example"} <= list_recipients(mails), "the mails are sent")
        wait_until(lambda: has_ended(Run.objects.get(source=world.telemetry)), "the sync ends")
        wait_until(lambda: not Account.objects.filter(pk=leaving.pk).exists(), "the account is removed")
    alive = {"scheduler", *(f"{queue.name} workers" for queue in config.task_queues)}
    queue.start_scheduler("alive")
    beats = Heartbeat.objects.filter(name__in=alive)
    wait_until(lambda: beats.count() == len(alive), "the worker and the scheduler say that they are alive")
