"""Test Endpoint of a store that does not answer as AWS does: the check says so, and the command prints it."""

from __future__ import annotations

import io
import json
from unittest.mock import patch

import pytest
from django.core.management import call_command

from endpoints import connection
from endpoints.connection import ASSUME, LIST, READ, check_connection
from tests import answers
from tests.standin import BUCKET

pytestmark = pytest.mark.django_db
HTML = answers.page(answers.LOGIN_PAGE)


@pytest.fixture
def endpoint(s3_endpoint, standin):
    for name in ("a.csv", "b.csv"):
        standin.put_object(BUCKET, name, "date,bytes\n")
    return s3_endpoint


def failures(endpoint):
    return {check.name: check.detail for check in check_connection(endpoint).checks if not check.ok}


@pytest.mark.parametrize(
    ("operation", "change", "check", "words"),
    [
        ("assume", HTML, ASSUME, "AWS Security Token Service cannot be used"),
        (
            "assume",
            answers.page(answers.WELL_FORMED_PAGE),
            ASSUME,
            "AWS Security Token Service cannot be used",
        ),
        ("list", HTML, LIST, "it is not a listing"),
        ("list", answers.without("Size"), LIST, "gives no Size for a.csv"),
        ("list", answers.without("Key"), LIST, "no Key"),
        ("list", answers.replace("<Size>.*?<", "<Size>many<"), LIST, "does not follow the protocol"),
        ("list", answers.without("ETag"), READ, "No file can be read: the store's listing gives no ETag"),
        ("list", answers.without("LastModified"), READ, "LastModified"),
        ("get", HTML, READ, "no ETag, but the type text/html"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_check(endpoint, standin, operation, change, check, words):
    standin.alter(operation, change)
    found = failures(endpoint)
    assert words in found[check]
    assert next(iter(found)) == check


def test_one_entry_that_cannot_be_read_is_mentioned_and_another_file_is_read(endpoint, standin):
    standin.alter("list", answers.without("ETag", count=1))
    report = check_connection(endpoint)
    assert report.ok
    details = {check.name: check.detail for check in report.checks}
    assert "Of the first 2 objects, 1 cannot be read. The first is a.csv: the store's" in details[LIST]
    assert "b.csv could be read" in details[READ]


def test_an_empty_first_page_is_not_taken_for_an_empty_bucket(endpoint, standin, monkeypatch):
    monkeypatch.setattr("endpoints.storage.KEYS_A_PAGE", 1)
    standin.alter("list", answers.without("Contents"), times=1)
    details = {check.name: check.detail for check in check_connection(endpoint).checks}
    assert "nothing is" not in details[LIST]
    assert "could be read" in details[READ]


def test_the_command_prints_the_check_that_failed(endpoint, standin):
    standin.alter("list", HTML)
    out = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("test_endpoint", endpoint.name, "--account", "acme", "--json", stdout=out)
    assert stopped.value.code == 1
    checks = {check["name"]: check["detail"] for check in json.loads(out.getvalue())["checks"]}
    assert "it is not a listing" in checks[LIST]


def test_an_unexpected_error_is_a_failed_check(endpoint):
    with patch.object(connection.storage, "open_bucket", side_effect=KeyError("a cell")):
        detail = failures(endpoint)[ASSUME]
    assert "an error that it does not know (KeyError, reference " in detail
    assert "a cell" not in detail
