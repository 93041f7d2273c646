"""Temporary credentials live in this process's memory alone: everything that we write is read for them."""

from __future__ import annotations

import io
import pickle
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from botocore.endpoint import Endpoint
from celery.signals import before_task_publish
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demo.standin import StandIn
from endpoints import storage
from endpoints.models import S3Endpoint
from endpoints.sessions import Session as CloudSession
from endpoints.sessions import SessionCache
from endpoints.storage import open_bucket
from ingestion.models import Run
from ingestion.tasks import run_sync
from telemetry.models import Telemetry
from telemetry.models.drafts import TelemetryDraft
from telemetry.wizard.services import start_draft
from tests.logs import logging_to
from tests.pages.rows import make_member, make_telemetry
from tests.standin import BUCKET

OUR_SECRET = "our-own-secret-access-key"  # tests.standin.use_aws_at
FAILURES = [
    None,
    ("assume", "deny"),
    ("assume", "server_error"),
    ("list", "deny"),
    ("list", "slow_down"),
    ("get", "deny"),
    ("get", "server_error"),
    ("get", "reset"),
    ("get", "damage"),
]


def list_secrets(standin: StandIn) -> list[str]:
    """Every credential that was given out, and our own."""
    sessions = standin.app.roles.sessions.values()
    return [OUR_SECRET, *(part for one in sessions for part in (one.key, one.secret, one.token))]


def assert_clean(standin: StandIn, text: str, where: str) -> None:
    assert len(list_secrets(standin)) > 1, "no credentials were given out: nothing is shown"
    for secret in list_secrets(standin):
        assert secret not in text, f"{secret[:8]}… is in {where}"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the product logs with LOG_LEVEL=DEBUG, each event as JSON and as a line for people."""
    with logging_to(io.StringIO(), as_json=[True, False]) as written:
        yield written


@pytest.fixture
def messages() -> Iterator[list[str]]:
    """Everything that is put into Celery's queue."""
    sent: list[str] = []

    def note(body: object, headers: dict, **_: object) -> None:
        sent.append(f"{body!r} {headers!r}")

    before_task_publish.connect(note)
    yield sent
    before_task_publish.disconnect(note)


@pytest.fixture
def telemetry(s3_endpoint: S3Endpoint, standin: StandIn) -> Telemetry:
    standin.put_object(BUCKET, "usage/1.csv", "date,team,usage\n2026-05-01,a,1\n")
    return make_telemetry(
        s3_endpoint.account, "usage", endpoint=s3_endpoint, dimensions=["team"], prefix="usage/"
    )


@pytest.fixture
def client(telemetry: Telemetry) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(make_member(telemetry.account, "admin"))
    return client


def make_draft(telemetry: Telemetry) -> TelemetryDraft:
    draft = start_draft(
        account=telemetry.account, user=telemetry.account.memberships.get().user, now=timezone.now()
    )
    source = {"endpoint": str(telemetry.endpoint.public_id), "prefix": "usage/", "name": "x"}
    draft.answers = {"source": source}
    draft.save()
    return draft


def use_everything(client: Client, telemetry: Telemetry, capture: Callable) -> list[str]:
    """Test, preview and sync; what was answered."""
    endpoint, draft = telemetry.endpoint, make_draft(telemetry)
    connection_fields = {name: getattr(endpoint, name) for name in ("role_arn", "bucket", "region")}
    new = {**connection_fields, "source": "s3", "access": "read_only", "action": "test"}
    new["shown_external_id"] = client.get(reverse("endpoints:add")).context["external_id"]
    said = []
    with capture(execute=True):
        for answer in (
            client.post(reverse("endpoints:test", args=[endpoint.public_id]), follow=True),
            client.post(reverse("endpoints:add"), new),
            client.get(reverse("telemetry:step", args=[draft.public_id, "preview"])),
            client.post(reverse("ingestion:sync", args=[telemetry.public_id]), follow=True),
        ):
            assert answer.status_code == 200
            said.append(f"{answer.headers} {answer.content.decode()}")
    for run in Run.objects.filter(state="queued"):
        result = run_sync.apply(kwargs={"run_id": run.pk})
        said.append(f"{result.result!r} {result.traceback} {result.kwargs!r}")
    return said


def read_database() -> str:
    """Every cell of every table, and the sessions as they are understood."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 (our tables)
            rows += cursor.fetchall()
    sessions = [session.get_decoded() for session in Session.objects.all()]
    return f"{rows!r} {sessions!r}"


def read_cache() -> str:
    """What the cache holds, as it is pickled."""
    if settings.REDIS_URL:
        redis = cache._cache.get_client()
        return repr([redis.get(key) for key in redis.scan_iter(_type="string")])
    return repr([_read_file(path) for path in Path(cache._dir).glob("*.djcache")])


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        pickle.load(file)  # noqa: S301 (Django's own: when it ends)
        return zlib.decompress(file.read())


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_no_credential_is_written_anywhere(
    failure, log, messages, client, telemetry, standin, django_capture_on_commit_callbacks
):
    open_bucket(telemetry.endpoint)
    if failure:
        standin.fail(*failure)
    said = use_everything(client, telemetry, django_capture_on_commit_callbacks)

    assert len(messages) == 1
    assert_clean(standin, log.getvalue(), "the log")
    assert_clean(standin, repr(messages), "a message in the queue")
    assert_clean(standin, repr(said), "an answer, or the result of a task")
    assert_clean(standin, read_database(), "the database")
    assert_clean(standin, read_cache(), "the cache")


def break_the_clients_making(monkeypatch: pytest.MonkeyPatch) -> None:
    make = boto3.session.Session.client

    def client(self: object, service: str, **arguments: object) -> object:
        if service == "s3":
            raise RuntimeError("boom")
        return make(self, service, **arguments)

    monkeypatch.setattr(boto3.session.Session, "client", client)


def break_the_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    send = Endpoint._send

    def boom(self: Endpoint, request: object) -> object:
        if "X-Amz-Security-Token" in request.headers:
            raise RuntimeError("boom")
        return send(self, request)

    monkeypatch.setattr(Endpoint, "_send", boom)


@pytest.mark.parametrize("debug", [True, False], ids=["debug", "production"])
@pytest.mark.parametrize("break_it", [break_the_clients_making, break_the_sending])
def test_no_error_page_and_no_traceback_shows_one(
    break_it, debug, log, client, telemetry, standin, settings, monkeypatch
):
    """Something breaks that nobody thought of, with credentials in the hands of the function that breaks."""
    settings.DEBUG = debug
    draft = make_draft(telemetry)
    break_it(monkeypatch)
    monkeypatch.setattr("telemetry.views.wizard.SampleProblems", ())  # nothing is caught on the way
    answer = client.get(reverse("telemetry:step", args=[draft.public_id, "preview"]))

    assert answer.status_code == 500
    assert ("StorageError" in answer.content.decode()) == debug
    assert_clean(standin, answer.content.decode(), "the error page")
    assert_clean(standin, log.getvalue(), "the log")
    run = Run.objects.create(source=telemetry, trigger="manual", created_at=timezone.now())
    result = run_sync.apply(kwargs={"run_id": run.pk})
    run.refresh_from_db()
    assert (run.state, "RuntimeError" in run.message) == ("failed", True)
    assert_clean(standin, f"{result.result!r} {result.traceback} {run.message}", "the task's result")


def test_they_are_asked_for_an_hour_and_dropped_when_it_is_over(s3_endpoint, standin):
    open_bucket(s3_endpoint)
    [given] = standin.app.roles.sessions.values()
    assert given.ends - timezone.now() <= timedelta(hours=1)

    sessions = SessionCache()
    over = CloudSession(client=object(), ends=timezone.now() - timedelta(seconds=1))
    lasting = CloudSession(client=object(), ends=timezone.now() + timedelta(hours=1))
    sessions.get("over", start=lambda _: over)
    sessions.get("other", start=lambda _: lasting)
    assert list(sessions._sessions.values()) == [lasting]


def test_nothing_that_holds_one_shows_it(s3_endpoint, standin):
    bucket = open_bucket(s3_endpoint)
    session = storage._sessions.get(bucket._grant, start=storage._assume)
    assert_clean(standin, f"{bucket!r} {bucket._grant!r} {session!r} {session.client!r}", "a repr")
