"""Health checks are answered before all else; pages are kept by nobody."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import Account
from tests.pages.rows import make_account, make_telemetry, sign_in, store_file

ROOT = Path(__file__).resolve().parent.parent
# As production serves: plain HTTP, an address of no name, cookies of somebody who is signed in.
ASK = """
import json
from config.wsgi import application
from django.test import Client

client = Client(headers={"Host": "10.1.2.3:8000"}, raise_request_exception=False)
client.cookies["__Host-sessionid"] = "a" * 32
print(json.dumps({path: client.get(path).status_code for path in ("/healthz", "/readyz")}))
"""


@pytest.fixture
def production(settings):
    settings.ALLOWED_HOSTS = ["metrics.example.com"]
    settings.SECURE_SSL_REDIRECT = True


@pytest.fixture
def account(db) -> Account:
    return make_account()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize(
    "host", ["10.1.2.3", "10.1.2.3:8000", "[2001:db8::1]", "other.example", "", "a b", "-"]
)
def test_probes_answer_over_plain_http_whatever_the_host(db, production, path, host):
    assert Client(headers={"Host": host}).get(path).status_code == 200
    assert Client(headers={"Host": host}).head(path).status_code == 200


def test_probes_look_at_no_session_and_no_person(account, production, django_assert_num_queries):
    client = sign_in(account, "admin")
    with django_assert_num_queries(0):
        assert client.get("/healthz").cookies == {}
    with django_assert_num_queries(0):  # it asks by a connection of its own
        assert client.get("/readyz").cookies == {}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_asked_and_nothing_else(db, production, path):
    assert Client().post(path).status_code == 405


def test_other_pages_are_for_https_and_the_names_that_are_set(db, production):
    assert Client(headers={"Host": "metrics.example.com"}).get("/").status_code == 301
    assert Client(headers={"Host": "10.1.2.3"}).get("/", secure=True).status_code == 400


def test_without_a_database_the_process_lives_and_is_not_ready_for_anybody(tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "metrics.example.com",
        "SITE_URL": "https://metrics.example.com",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:9/none",  # where nothing answers
        "VAR_DIR": str(tmp_path),
    }
    (tmp_path / "static").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )

    assert json.loads(done.stdout.splitlines()[-1]) == {"/healthz": 200, "/readyz": 503}, done.stderr


class TestNoPageIsKept:
    def is_kept(self, response) -> bool:
        told = set(response.headers.get("Cache-Control", "").replace(" ", "").split(","))
        return not {"no-store", "private"} <= told or "public" in told

    @pytest.mark.parametrize("role", ["viewer", "admin"])
    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/settings/telemetry/", 200),
            ("/settings/endpoints/", 200),
            ("/accounts/password/", 200),
            ("/", 302),
            ("/no/such/page/", 404),
            ("/admin/", 302),
            ("/settings/telemetry/00000000-0000-0000-0000-000000000000/", 404),
        ],
    )
    def test_of_somebody_who_is_signed_in(self, account, role, path, status):
        response = sign_in(account, role).get(path)

        assert (response.status_code, self.is_kept(response)) == (status, False)

    def test_whatever_the_answer_is(self, account, monkeypatch, settings):
        client = sign_in(account, "viewer")
        client.raise_request_exception = False
        forbidden = client.get("/settings/members/")
        too_long = client.post("/accounts/password/", CONTENT_LENGTH="9999999")
        odd_host = client.get("/", headers={"Host": "elsewhere.example"})
        part = client.get("/settings/telemetry/", headers={"HX-Request": "true"})
        monkeypatch.setattr("telemetry.views.table.render", lambda *_args, **_more: 1 / 0)
        broken = client.get("/settings/telemetry/")

        answers = [forbidden, too_long, odd_host, part, broken]
        assert [answer.status_code for answer in answers] == [403, 413, 400, 200, 500]
        assert [self.is_kept(answer) for answer in answers] == [False] * 5

    def test_nor_is_a_download(self, account):
        telemetry = make_telemetry(account)
        store_file(telemetry, "1.csv", {})
        response = sign_in(account, "viewer").get(f"/settings/telemetry/{telemetry.public_id}/totals.csv")
        body = b"".join(response.streaming_content)

        assert (body[:6], self.is_kept(response)) == (b'"date"', False)

    def test_nor_a_page_of_nobody(self, db):
        assert not self.is_kept(Client().get("/accounts/login/"))

    def test_static_files_are(self, db):
        response = Client().get("/static/app.css")

        assert response.status_code == 200
        assert "no-store" not in response.headers["Cache-Control"]
