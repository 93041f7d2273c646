"""Test Endpoint as htmx shows it: a check a request, each kept on our side until the last one is done."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.urls import reverse

from accounts.roles import MANAGER, VIEWER
from endpoints.connection import list_checks
from endpoints.models import S3Endpoint
from endpoints.testing import Progress, begin_test
from tests.endpoints.test_add_page import ADD, post, shown_external_id
from tests.endpoints.test_pages import VALUES
from tests.standin import BUCKET, make_endpoint, trust

HTMX = {"HX-Request": "true"}
ADD_CHECK = reverse("endpoints:add_check")


def read_token(page: str) -> str:
    return re.search(r"""hx-vals='{"token": "([^"]+)"}'""", page)[1]


def checks_done(page: str) -> int:
    return page.count("state-passed") + page.count("state-failed") + page.count("state-untested")


def begin(admin, endpoint) -> str:
    url = reverse("endpoints:test", args=[endpoint.public_id])
    return admin.post(url, headers=HTMX).content.decode()


def go_on(admin, endpoint, token: str) -> str:
    url = reverse("endpoints:check", args=[endpoint.public_id])
    return admin.post(url, {"token": token}, headers=HTMX).content.decode()


def test_each_request_runs_one_check_and_the_last_one_keeps_them_all(admin, s3_endpoint, standin):
    standin.put_object(BUCKET, "a.csv", "date,bytes\n")
    page = begin(admin, s3_endpoint)
    assert standin.count("assume") == 0
    token = read_token(page)
    for done in range(1, len(list_checks())):
        page = go_on(admin, s3_endpoint, token)
        assert checks_done(page) == done
        s3_endpoint.refresh_from_db()
        assert s3_endpoint.test_state == "untested"
    page = go_on(admin, s3_endpoint, token)
    assert "hx-trigger" not in page
    assert "The test has ended: Passed." in page
    assert 'id="test-state" hx-swap-oob="true"' in page
    s3_endpoint.refresh_from_db()
    assert s3_endpoint.test_state == "passed"
    assert [check["name"] for check in s3_endpoint.test_checks] == list_checks()


def test_what_a_browser_sends_is_no_result(admin, s3_endpoint, standin):
    token = read_token(begin(admin, s3_endpoint))
    standin.app.roles.remove(s3_endpoint.role_arn)
    url = reverse("endpoints:check", args=[s3_endpoint.public_id])
    page = admin.post(url, {"token": token, "checks": '[{"ok": true}]', "ok": "true"}, headers=HTMX)
    assert "state-failed" in page.content.decode()


@pytest.mark.parametrize("token", ["", "made-up", "\x01 ٣" * 200])
def test_an_invalid_token_calls_nothing_on_aws(admin, s3_endpoint, standin, token):
    begin(admin, s3_endpoint)
    assert "This test has ended" in go_on(admin, s3_endpoint, token)
    assert standin.count("assume") == 0


def test_a_check_still_on_its_way_does_not_write_into_a_test_begun_again(admin, s3_endpoint, standin):
    before = read_token(begin(admin, s3_endpoint))
    again: list[Progress] = []
    standin.after("assume", lambda: again.append(begin_test(endpoint=s3_endpoint)))
    assert checks_done(go_on(admin, s3_endpoint, before)) == 1
    assert checks_done(go_on(admin, s3_endpoint, again[0].token)) == 1
    assert checks_done(go_on(admin, s3_endpoint, again[0].token)) == 2


def test_a_change_of_the_connection_meanwhile_is_not_called_tested(admin, s3_endpoint, standin):
    standin.put_object(BUCKET, "a.csv", "date,bytes\n")
    token = read_token(begin(admin, s3_endpoint))
    S3Endpoint.objects.update(path_prefix="elsewhere")
    for _ in list_checks():
        page = go_on(admin, s3_endpoint, token)
    assert "Not tested" in page
    s3_endpoint.refresh_from_db()
    assert s3_endpoint.test_state == "untested"


def test_an_endpoint_is_tested_check_by_check_before_it_is_added(admin, s3_account, standin):
    external_id = shown_external_id(admin.get(ADD))
    trust(standin, make_endpoint(s3_account, external_id=external_id, path_prefix="exports"))
    sent = {**VALUES, "shown_external_id": external_id, "action": "test"}
    page = admin.post(ADD, sent, headers=HTMX).content.decode()
    assert "Testing the connection" in page
    token = read_token(page)
    for _ in list_checks():
        page = admin.post(ADD_CHECK, {"token": token}, headers=HTMX).content.decode()
    assert "The connection works" in page
    post(admin, "add")
    assert S3Endpoint.objects.get().test_state == "passed"


def test_an_abandoned_test_expires(admin, s3_endpoint, standin):
    token = read_token(begin(admin, s3_endpoint))
    cache.clear()
    assert "This test has ended" in go_on(admin, s3_endpoint, token)


@pytest.mark.parametrize("role", [VIEWER, MANAGER])
def test_only_admins_test(sign_in, s3_endpoint, standin, role):
    client = sign_in(role)
    for url in (ADD_CHECK, reverse("endpoints:check", args=[s3_endpoint.public_id])):
        assert client.post(url, {"token": "x"}, headers=HTMX).status_code == 403
        assert client.get(url).status_code == 405
