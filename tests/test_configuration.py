"""Each setting of docs/configuration.md with a malformed value: the error says its name and what it takes."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment
from demo.environment import set_environment
from docs.configuration import list_variables
from tests.test_production_settings import run

ROOT = Path(__file__).resolve().parent.parent
VARIABLES = {variable.name: variable for variable in list_variables()}
FILE = str(ROOT / "manage.py")  # where a folder should be
PRODUCTION = {
    "SECRET_KEY": "of tests that serve nobody",
    "ALLOWED_HOSTS": "metrics.example.com",
    "SITE_URL": "https://metrics.example.com",
}
WITH_SSO = {"OIDC_SERVER_URL": "https://login.example.com", "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "y"}

FLAG = ("", "yes please", "2")
WHOLE = ("", "many", "-3", "1.5", "1_000", "٣", "9" * 30)
COUNT = (*WHOLE, "0")
FOLDER = ("", FILE, f"{FILE}/below")
URL = ("foo", "https:/service.example.com", "ftp://service.example.com", "https://host:99999", "https://a b")
SECRET = "hunter2"  # what no error may repeat
MALFORMED: dict[str, tuple[str, ...]] = {
    "SECRET_KEY": ("", "  "),
    "SECRET_KEY_FALLBACKS": (f"{SECRET},,b",),
    "ALLOWED_HOSTS": ("", "https://metrics.example.com", "metrics.example.com:8000", "a b", "a,,b", "[1:2]"),
    "SITE_URL": ("", "metrics.example.com", "https://metrics.example.com/path", "https://*.example.com"),
    "DEBUG": FLAG,
    "CSRF_TRUSTED_ORIGINS": ("metrics.example.com", "https://metrics.example.com/", "https://a:99999"),
    "LOG_LEVEL": ("", "LOUD"),
    "LOG_JSON": FLAG,
    "READYZ_TOKEN": (SECRET, f"{SECRET} {SECRET} {SECRET}"),
    "DATABASE_URL": (
        "",
        "foo",
        f"mysql://ada:{SECRET}@db/x",
        f"postgres://ada:{SECRET}@db:5432",
        f"postgres://ada:{SECRET}@db:port/x",
        f"postgres://ada:{SECRET}@[db/x",
        "postgres:db",
        "sqlite://",
    ),
    "DATABASE_CONN_MAX_AGE": WHOLE,
    "REDIS_URL": (
        "foo",
        f"redis://:{SECRET}@redis:port/0",
        f"redis://:{SECRET}@redis/cache",
        "redis:///0",
        "redis.example.com:6379",
        f"amqp://ada:{SECRET}@mq",
    ),
    "CACHE_URL": ("foo", "redis://redis/cache", "memcache://memcached:11211"),
    "VAR_DIR": FOLDER,
    "CACHE_DIR": FOLDER,
    "QUEUE_DIR": FOLDER,
    "ACCOUNT_EXPORTS_DIR": FOLDER,
    "DOWNLOADS_DIR": FOLDER,
    "DAILY_SYNC_TIME": ("", "2", "02", "25:00", "02:00:30", "02:00+05:00", "2 am"),
    "RUN_HELPERS": WHOLE,
    "TASK_TIME_LIMIT_SECONDS": (*COUNT, "60"),
    "DAILY_TOTALS_MAX_VALUES": WHOLE,
    "MAX_REJECTED_ROWS_KEPT": WHOLE,
    "DRAFT_DAYS": (*COUNT, "1000000"),
    "INVITATION_DAYS": (*COUNT, "1000000"),
    "SUPPORT_CONTACT": ("", "two\nlines"),
    "EMAIL_URL": (
        "",
        "foo",
        f"mailgun://ada:{SECRET}@mail",
        "smtp://",
        f"smtp+tls://ada:{SECRET}@mail:port",
        "filemail://",
        "mail.example.com:587",
    ),
    "DEFAULT_FROM_EMAIL": ("", "denominator", "a@b@c", "Ada <ada>", "ada@a.example, bob@b.example"),
    "OIDC_SERVER_URL": URL,
    "OIDC_NAME": ("", "two\nlines"),
    "OIDC_CLIENT_ID": ("", "two\nlines"),
    "OIDC_CLIENT_SECRET": ("", f"{SECRET}\n"),
    "OIDC_EMAIL_DOMAINS": ("@acme.example", "ada@acme.example", "https://acme.example", "a.example,"),
    "OIDC_SIGN_UP_ACCOUNT": ("Acme Company", "acme/"),
    "SECURE_COOKIES": FLAG,
    "SECURE_SSL_REDIRECT": FLAG,
    "SECURE_HSTS_SECONDS": WHOLE,
    "BEHIND_TLS_PROXY": FLAG,
    "TRUSTED_PROXIES": ("proxy", "10.0.0.0/99", "10.0.0.0/8,nonsense"),
    "AWS_ACCOUNT_ID": ("abc", "1234-5678-9012", "12345678901", "１２３４５６７８９０１２"),
    "OWN_ROLES_ALLOWED": ("Metrics", "arn:aws:iam::1234:role/Metrics", "arn:aws:iam::123456789012:user/ada"),
    "UNSAFE_ENDPOINTS_ALLOWED": ("production", "denominator-1234"),
    "SUGGESTED_ROLE_NAME": ("", "Read only", "a" * 65),
    "SUGGESTED_POLICY_NAME": ("", "read only", "a" * 129),
    "AWS_ACCESS_KEY_ID": ("two words", "key\n"),
    "AWS_SECRET_ACCESS_KEY": (f"{SECRET} {SECRET}", f"{SECRET}\n"),
    "AWS_REGION": ("Frankfurt", "eu-central", "us_east_1"),
    "AWS_ENDPOINT_URL": (*URL, f"ftp://ada:{SECRET}@store"),
    "DEMO_DIR": (FILE, f"{FILE}/below"),
}
# Whole numbers of at least one, and so most of the limits: what has no line of its own above.
MALFORMED |= {
    name: COUNT for name, found in VARIABLES.items() if found.value.isdigit() and name not in MALFORMED
}


def read_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **values: str) -> dict[str, Any]:
    """config/settings.py under an environment of these values alone; this process stays as it is."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in {"VAR_DIR": str(tmp_path), **PRODUCTION, **values}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("config.logs.logging_config", lambda **_given: None)
    monkeypatch.setattr("config.environment.read_file", lambda _path: None)
    return runpy.run_path(str(ROOT / "config" / "settings.py"))


def test_every_setting_has_values_that_cannot_be_meant():
    assert set(MALFORMED) == set(VARIABLES)


@pytest.mark.parametrize("name", [name for name in VARIABLES if name != "DEMO_DIR"])
def test_a_malformed_value_stops_the_process_with_the_settings_name_and_what_it_takes(
    monkeypatch, tmp_path, name
):
    others = WITH_SSO if name.startswith("OIDC_") else {}
    for value in MALFORMED[name]:
        with pytest.raises(ImproperlyConfigured, match=f"^{name} (must be|is missing: it must be) .") as told:
            read_settings(monkeypatch, tmp_path, **{**others, name: value})
        assert "\n" not in str(told.value)
        assert SECRET not in str(told.value)


@pytest.mark.parametrize("value", MALFORMED["DEMO_DIR"])
def test_so_does_the_demos_folder(monkeypatch, value):
    monkeypatch.setattr(os, "environ", {"DEMO_DIR": value})
    with pytest.raises(ImproperlyConfigured, match=r"^DEMO_DIR must be the path of a folder"):
        set_environment()


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL"])
def test_a_missing_one_that_is_required_does_too(monkeypatch, tmp_path, name):
    monkeypatch.delitem(PRODUCTION, name)
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is missing: it must be"):
        read_settings(monkeypatch, tmp_path)


def test_what_the_example_shows_is_taken(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    shown = {name: found.value for name, found in VARIABLES.items() if found.value}
    read_settings(monkeypatch, tmp_path, **shown)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        (
            "ALLOWED_HOSTS",
            "a.example, .b.example ,10.0.0.5,[::1],*",
            ["a.example", ".b.example", "10.0.0.5", "[::1]", "*"],
        ),
        ("SITE_URL", "https://m:8443/", "https://m:8443"),
        ("CSRF_TRUSTED_ORIGINS", "https://*.example.com", ["https://*.example.com"]),
        ("LOG_LEVEL", "warning", None),
        ("SECRET_KEY", "$begins, and has spaces ü", "$begins, and has spaces ü"),
        (
            "REDIS_URL",
            "rediss://:p%40ss@redis:6380/2?ssl_cert_reqs=none",
            "rediss://:p%40ss@redis:6380/2?ssl_cert_reqs=none",
        ),
        ("REDIS_URL", "", ""),
        ("RUN_HELPERS", "0", 0),
        ("DAILY_SYNC_TIME", "23:59", None),
        ("SECURE_COOKIES", "Yes", True),
        ("OIDC_EMAIL_DOMAINS", "", []),
        ("DEFAULT_FROM_EMAIL", "Denominator <metrics@example.com>", "Denominator <metrics@example.com>"),
        ("AWS_ENDPOINT_URL", "http://minio_1:9000/path", None),
        (
            "OWN_ROLES_ALLOWED",
            "arn:aws-us-gov:iam::123456789012:role/a/b",
            ["arn:aws-us-gov:iam::123456789012:role/a/b"],
        ),
    ],
)
def test_unusual_values_are_taken(monkeypatch, tmp_path, name, value, read):
    settings = read_settings(monkeypatch, tmp_path, **{name: value})

    assert read is None or settings[name] == read


def test_a_cache_can_be_in_files_beside_a_queue_in_redis(monkeypatch, tmp_path):
    settings = read_settings(monkeypatch, tmp_path, REDIS_URL="redis://redis/0", CACHE_URL="")

    assert settings["CACHES"]["default"]["BACKEND"] == "config.caches.FileBasedCache"


@pytest.mark.parametrize(
    ("url", "name", "host"),
    [
        ("postgres://ada:PASSWORD@db:5433/metrics?sslmode=require", "metrics", "db"),
        ("postgresql:////var/run/postgresql/metrics", "metrics", "/var/run/postgresql"),
        ("postgres://ada@a:5432,b:5432/metrics", "metrics", "a,b"),
    ],
)
def test_databases_are_taken_as_before(monkeypatch, tmp_path, url, name, host):
    database = read_settings(monkeypatch, tmp_path, DATABASE_URL=url)["DATABASES"]["default"]

    assert (database["NAME"], database["HOST"]) == (name, host)


class TestTheFile:
    def test_is_no_line_in_the_log_where_there_is_none(self, caplog, tmp_path):
        caplog.set_level("DEBUG")
        environment.read_file(tmp_path / ".env")

        assert caplog.records == []

    def test_adds_what_the_environment_has_not(self, monkeypatch, tmp_path):
        monkeypatch.setenv("LOG_LEVEL", "ERROR")
        monkeypatch.setenv("RUN_HELPERS", "9")  # and so put back afterwards
        monkeypatch.delenv("RUN_HELPERS")
        path = tmp_path / ".env"
        path.write_text(
            "\ufeff# ours\n  \n  # more\nexport RUN_HELPERS='2'\nLOG_LEVEL=DEBUG\n", encoding="utf-8"
        )
        environment.read_file(path)

        assert (os.environ["RUN_HELPERS"], os.environ["LOG_LEVEL"]) == ("2", "ERROR")

    def test_a_line_that_sets_nothing_is_named_by_its_number(self, tmp_path):
        path = tmp_path / ".env"
        path.write_text(f"LOG_LEVEL=INFO\nSECRET_KEY = {SECRET}\n", encoding="utf-8")
        with pytest.raises(ImproperlyConfigured, match=r"\.env, line 2, must be NAME=value") as told:
            environment.read_file(path)
        assert SECRET not in str(told.value)

    def test_one_that_is_no_text_is_named(self, tmp_path):
        (tmp_path / ".env").write_bytes(b"SUPPORT_CONTACT=\xff\n")
        with pytest.raises(ImproperlyConfigured, match=r"\.env cannot be read as UTF-8 text"):
            environment.read_file(tmp_path / ".env")


@pytest.mark.parametrize(
    "command",
    [["manage.py", "check"], ["-m", "celery", "-A", "config", "worker"], ["-c", "import config.wsgi"]],
    ids=["command", "worker", "web"],
)
def test_each_process_ends_with_what_it_says(tmp_path, command):
    done = run(tmp_path, *command, RUN_HELPERS="-3")

    assert done.returncode != 0
    assert "RUN_HELPERS must be a whole number from 0 to 1000000000, not '-3'" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("WEB_BIND", "8000"), ("WEB_CONCURRENCY", "many"), ("WEB_THREADS", "0")]
)
def test_so_does_the_web_server_with_its_own(monkeypatch, name, value):
    monkeypatch.setattr("sys.path", [*sys.path])
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"^{name} must be"):
        runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))
