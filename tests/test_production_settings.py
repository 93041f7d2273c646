"""The settings as production has them: what Django's own checks say, and the cookies' names."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment

CLIENT = {"OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "y"}
ROOT = Path(__file__).resolve().parent.parent
SHOW = """
import json
from django.conf import settings as s
names = [s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME]
flags = [s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.CSRF_COOKIE_HTTPONLY]
places = [s.SESSION_COOKIE_PATH, s.SESSION_COOKIE_DOMAIN, s.CSRF_COOKIE_PATH, s.CSRF_COOKIE_DOMAIN]
print(json.dumps([*names, *flags, *places]))
"""


def run(tmp_path: Path, *command: str, **more: str) -> subprocess.CompletedProcess:
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "metrics.example.com",
        "SITE_URL": "https://metrics.example.com",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "VAR_DIR": str(tmp_path),
        **more,
    }
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(
    "more",
    [{}, {"OIDC_SERVER_URL": "https://login.example", "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "y"}],
)
def test_djangos_own_checks_for_deployment_have_nothing_to_say(tmp_path, more):
    done = run(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **more)

    assert (done.returncode, "no issues" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("secure", "prefix"), [("1", "__Host-"), ("0", "")], ids=["over HTTPS", "the demo, over plain HTTP"]
)
def test_cookies_belong_to_this_host_alone(tmp_path, secure, prefix):
    done = run(tmp_path, "-c", SHOW, SECURE_COOKIES=secure)
    names, on = [f"{prefix}sessionid", f"{prefix}csrftoken"], secure == "1"

    assert json.loads(done.stdout) == [*names, on, on, True, True, "/", None, "/", None]


def test_single_sign_on_is_over_https_alone(tmp_path):
    done = run(tmp_path, "manage.py", "check", OIDC_SERVER_URL="http://login.example", **CLIENT)

    assert done.returncode == 1
    assert "OIDC_SERVER_URL must begin with https://" in done.stderr


@pytest.mark.parametrize(
    "address",
    [
        "",
        "metrics.example.com",
        "https://metrics.example.com/path",
        "https://metrics.example.com?x=1",
        "https://somebody@metrics.example.com",
        "https://metrics.example.com:port",
        "https://metrics.example.com\nhttps://evil.example",
        "ftp://metrics.example.com",
    ],
)
def test_the_sites_address_is_a_scheme_and_a_host(monkeypatch, address):
    monkeypatch.setenv("SITE_URL", address)
    with pytest.raises(ImproperlyConfigured, match=r"^SITE_URL must be a scheme and a host such as https://"):
        Environment().origin("SITE_URL", default="x")


@pytest.mark.parametrize("address", ["https://metrics.example.com/", "http://[::1]:8000", "https://m:8443"])
def test_a_port_and_a_slash_at_its_end_are_taken(monkeypatch, address):
    monkeypatch.setenv("SITE_URL", address)

    assert Environment().origin("SITE_URL", default="x") == address.rstrip("/")


def test_the_sites_address_is_over_https_alone(tmp_path):
    done = run(tmp_path, "manage.py", "check", SITE_URL="http://metrics.example.com")

    assert done.returncode == 1
    assert "SITE_URL must begin with https://" in done.stderr


def test_the_sites_address_is_asked_for(tmp_path):
    done = run(tmp_path, "-c", "import os; del os.environ['SITE_URL']; import config.settings")

    assert "SITE_URL" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["DEBUG", "SECURE_COOKIES", "BEHIND_TLS_PROXY", "LOG_JSON"])
def test_what_is_neither_yes_nor_no_is_named(tmp_path, name):
    done = run(tmp_path, "manage.py", "check", **{name: "yes please"})

    assert done.returncode == 1
    assert f"{name} must be 1 or 0 (or yes, no, on, off, true, false), not 'yes please'" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("ALLOWED_HOSTS", "*", "denominator.E010"), ("TRUSTED_PROXIES", "0.0.0.0/0", "denominator.E012")],
)
def test_the_check_for_deployment_refuses_what_believes_everybody(tmp_path, name, value, told):
    done = run(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **{name: value})

    assert done.returncode == 1
    assert told in done.stderr


def test_a_malformed_proxy_is_named(tmp_path):
    done = run(tmp_path, "manage.py", "check", TRUSTED_PROXIES="10.0.0.0/8,nonsense")

    assert "TRUSTED_PROXIES must be IP addresses or networks such as 10.0.0.0/8" in done.stderr
    assert "not 'nonsense'" in done.stderr
