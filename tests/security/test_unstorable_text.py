"""Characters that no text in the database can hold, in every place of a request and every spelling: 400."""

from __future__ import annotations

import html
from wsgiref.util import setup_testing_defaults

import pytest
from django.test import Client

from accounts.models import Account
from config.wsgi import application
from tests.marks import make_mark_for
from tests.pages.rows import make_account, make_telemetry, sign_in

LOGIN, LIST = "/accounts/login/", "/settings/telemetry/"
FIELD = "--b\r\nContent-Disposition: form-data; {}\r\n\r\n{}\r\n--b--\r\n"
PLACES = [
    ("The field “search”", {"path": f"{LIST}?search=a%00b"}),
    ("The field “search”", {"path": f"{LIST}?search=ok&search=%00"}),
    ("The field “sea\\x00rch”", {"path": f"{LIST}?sea%00rch=ok"}),
    ("The address", {"path": "/settings/%00/"}),
    ("The address", {"path": f"{LIST}%00"}),
    ("The header User-Agent", {"path": LIST, "HTTP_USER_AGENT": "a\0b"}),
    ("The header X-Anything", {"path": LIST, "HTTP_X_ANYTHING": "a\0b"}),
    ("The cookie sessionid", {"path": LIST, "HTTP_COOKIE": r'sessionid="\000\000\000\000abcdefgh"'}),
    ("The cookie csrftoken", {"path": LIST, "HTTP_COOKIE": r'csrftoken="\000"'}),
    ("The request's text", {"path": f"{LIST}?search=%2B2AA-", "CONTENT_TYPE": "text/plain; charset=utf-7"}),
    (
        "The request's text",
        {"path": f"{LIST}?search=a", "CONTENT_TYPE": "x; charset=unicode_escape"},
    ),
]
FORMS = [  # (what the page names, content type, body), sent to the edit page of a telemetry
    ("The field “name”", "application/x-www-form-urlencoded", "name=a%00b"),
    ("The field “name”", "application/x-www-form-urlencoded", "name=ok&name=%00"),
    ("The field “unknown”", "application/x-www-form-urlencoded", "name=ok&unknown=%00"),
    ("The field “na\\x00me”", "application/x-www-form-urlencoded", "na%00me=ok"),
    ("The field “name”", "multipart/form-data; boundary=b", FIELD.format('name="name"', "a\0b")),
    (
        "The request's text",
        "multipart/form-data; boundary=b; charset=utf-7",
        FIELD.format('name="name"', "+2AA-"),
    ),
    ("The request's text", "multipart/form-data; boundary=b; charset=hex", FIELD.format('name="name"', "ab")),
]


@pytest.fixture
def admin(db) -> Client:
    return sign_in(make_account("Acme"), "admin")


def assert_refused(answer, place: str) -> None:
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 400
    assert f"{place} holds a character that cannot be stored" in page
    assert "Nothing was changed" in page


@pytest.mark.parametrize(("place", "request_of"), PLACES)
@pytest.mark.parametrize("who", ["admin", "nobody"])
def test_it_is_refused_wherever_it_stands(admin, place, request_of, who):
    client = admin if who == "admin" else Client()
    assert_refused(client.generic("GET", **request_of), place)


@pytest.mark.parametrize(("place", "content_type", "body"), FORMS)
def test_a_form_with_it_is_refused_and_changes_nothing(admin, place, content_type, body):
    telemetry = make_telemetry(make_account("Zeta"))
    member = sign_in(telemetry.account, "admin")
    url = f"{LIST}{telemetry.public_id}/edit/"

    assert_refused(member.generic("POST", url, body, content_type=content_type), place)
    before = telemetry.name
    telemetry.refresh_from_db()
    assert telemetry.name == before


def test_half_of_a_surrogate_pair_that_is_sent_as_bytes_is_read_as_the_sign_of_replacement(admin):
    """RFC 3629, 3: UTF-8 has none; Django replaces what is no UTF-8."""
    make_telemetry(Account.objects.get())
    answer = admin.get(f"{LIST}?search=%ED%A0%80")
    assert answer.status_code == 200
    assert "\ufffd" in answer.content.decode()


@pytest.mark.parametrize("text", ["\U0001f4a5 é 数", "\ufffe\uffff", "\x01\x1f\x7f\x85\u2028"])
def test_what_can_be_stored_is_taken(admin, text):
    assert admin.get(LIST, {"search": text}).status_code == 200
    assert Client().post("/accounts/password/reset/", {"email": text}).status_code == 200


def test_htmx_puts_the_refusal_in_place_of_the_page(admin):
    headers = {"HX-Request": "true", "X-Made-For": make_mark_for(admin)}
    answer = admin.get(f"{LIST}?search=%00", headers=headers)

    assert_refused(answer, "The field “search”")
    assert answer.headers["HX-Retarget"] == answer.headers["HX-Reselect"] == "#main"
    assert '<main id="main"' in answer.content.decode()


def test_a_download_is_refused_before_it_begins(admin):
    telemetry = make_telemetry(make_account("Zeta"))
    member = sign_in(telemetry.account, "admin")
    url = f"{LIST}{telemetry.public_id}/"
    for query in ("points.csv?from=%00", "totals.csv?by=%00", "rejected-rows.csv?reason=%00"):
        answer = member.get(url + query)
        assert not answer.streaming
        assert_refused(answer, f"The field “{query.split('?')[1].split('=')[0]}”")


@pytest.mark.parametrize(
    "current",
    ["http://[", "http://testserver?x", "x", "//evil.example/", "http://testserver/\\..", "%00", ""],
)
def test_whatever_htmx_says_of_the_page_it_leads_to_sign_in(db, current):
    for more in ({}, {"HX-Current-URL-URI-AutoEncoded": "true"}):
        answer = Client().get(LIST, headers={"HX-Request": "true", "HX-Current-URL": current, **more})
        assert answer.headers["HX-Redirect"].startswith("/accounts/login/?next=/")


@pytest.mark.parametrize("query", ["date_to=9999-12-31", "date_from=0001-01-01&date_to=0001-01-01"])
@pytest.mark.parametrize("path", ["/settings/audit/", "/settings/audit/csv/"])
def test_the_audit_log_is_read_to_the_end_of_all_days(admin, path, query):
    answer = admin.get(f"{path}?{query}")
    assert answer.status_code == 200
    assert b"".join(answer) != b""


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain; charset=hex", "400"),
        ("text/plain; charset=utf-7", "400"),
        ("text/plain; charset*=hex''%41", "400"),
        ("text/plain; charset*=no-such''%41", "200"),  # no charset at all
        ("text/plain; charset=UTF-8", "200"),
        ("", "200"),
    ],
)
def test_a_charset_that_is_none_is_answered(db, content_type, status):
    """By the server's own way in: Django breaks down before any middleware."""
    environ = {"QUERY_STRING": "next=a", "CONTENT_TYPE": content_type, "PATH_INFO": LOGIN}
    environ["HTTP_HOST"] = "testserver"
    setup_testing_defaults(environ)
    began: list[str] = []
    body = b"".join(application(environ, lambda line, headers: began.append(line.split()[0])))

    assert began == [status]
    assert b"</html>" in body
