"""A slash at the beginning of keys and prefixes is part of them, and never dropped in silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account
from endpoints import storage
from endpoints.connection import LIST, check_connection
from endpoints.prefixes import join_prefix, normalise_path_prefix
from tests.standin import BUCKET, make_endpoint, trust

slashed = st.text(alphabet="/ab", max_size=6)


@pytest.mark.parametrize(
    ("path_prefix", "prefix", "whole"),
    [
        ("", "usage/", "usage/"),
        ("exports", "usage/", "exports/usage/"),
        ("exports", "/usage/", "exports/usage/"),
        ("exports/", "/usage/", "exports/usage/"),
        ("exports", "", "exports/"),
        ("", "/report/", "/report/"),
        ("", "//report/", "//report/"),
        ("/", "report/", "/report/"),
        ("/", "", "/"),
        ("/cur", "report/", "/cur/report/"),
        ("exports", "//usage/", "exports//usage/"),
        ("exports//", "usage/", "exports//usage/"),
        ("exports", "a//b", "exports/a//b"),
        ("", "", ""),
    ],
)
def test_prefixes_are_joined_with_one_slash(path_prefix, prefix, whole):
    assert join_prefix(path_prefix, prefix) == whole


@given(key=slashed)
def test_every_key_can_be_reached_without_a_path_prefix(key):
    assert join_prefix("", key) == key


@given(path_prefix=slashed.filter(bool), rest=slashed)
def test_every_key_below_a_path_prefix_can_be_reached(path_prefix, rest):
    below = join_prefix(path_prefix, "")
    assert below.endswith("/")
    assert join_prefix(path_prefix, f"/{rest}") == below + rest


@given(path_prefix=slashed, prefix=slashed)
def test_what_is_kept_of_a_path_prefix_joins_to_the_same(path_prefix, prefix):
    tidy = normalise_path_prefix(path_prefix)
    assert join_prefix(tidy, prefix) == join_prefix(path_prefix, prefix)
    assert normalise_path_prefix(tidy) == tidy


@pytest.fixture
def endpoint(standin):
    return make_endpoint(Account(name="Acme", slug="acme"))


@pytest.mark.parametrize(
    ("path_prefix", "prefix"),
    [("", "/report/"), ("/", "report/"), ("/report", ""), ("/report", "2024//"), ("", "//"), ("//", "x")],
)
def test_keys_that_begin_with_a_slash_are_listed_and_read(endpoint, standin, path_prefix, prefix):
    endpoint.path_prefix = path_prefix
    trust(standin, endpoint)
    key = f"{join_prefix(path_prefix, prefix)}a.csv"
    standin.put_object(BUCKET, key, "inside")
    standin.put_object(BUCKET, "report/2024/other.csv", "outside")
    bucket = storage.open_bucket(endpoint, prefix=prefix)
    [obj] = next(bucket.list_pages(endpoint.full_prefix(prefix)))
    assert (obj.key, bucket.open_stream(obj).read()) == (key, b"inside")


@pytest.mark.parametrize(
    ("typed", "key", "words"),
    [
        ("/cur", "cur/a.csv", "Path Prefix would be cur, without the slash at its beginning"),
        ("cur", "/cur/a.csv", "Path Prefix would be /cur, with the slash at its beginning"),
        ("/", "a.csv", "Path Prefix would be empty, without the slash"),
    ],
)
def test_test_endpoint_says_where_the_files_are_but_for_the_slash(endpoint, standin, typed, key, words):
    endpoint.path_prefix = typed
    trust(standin, endpoint, prefix="")
    standin.put_object(BUCKET, key, "x")
    details = {check.name: check.detail for check in check_connection(endpoint).checks if not check.ok}
    assert words in details[LIST]


def test_a_role_that_may_not_look_there_is_asked_no_more(endpoint, standin):
    endpoint.path_prefix = "/cur"
    trust(standin, endpoint)
    standin.put_object(BUCKET, "cur/a.csv", "x")
    report = check_connection(endpoint)
    assert report.ok
    assert "nothing is under /cur/ yet" in report.checks[4].detail
