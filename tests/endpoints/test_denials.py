"""Refusals that look alike on the wire, each with its own words and remedy."""

from __future__ import annotations

import pytest

from accounts.models import Account
from endpoints import errors, storage
from endpoints.connection import ASSUME, LIST, NOT_WITH_ANOTHER, NOT_WITHOUT, check_connection
from endpoints.error_types import (
    OwnedByAnotherAccount,
    ReadDenied,
    ReadForbidden,
    RequesterPays,
    RoleDenied,
    TagSessionDenied,
)
from endpoints.grants import Grant
from tests.standin import BUCKET, make_endpoint, trust

UPLOADER = "beef" * 16


@pytest.fixture
def endpoint(standin):
    made = make_endpoint(Account(name="Acme", slug="acme"), path_prefix="exports")
    trust(standin, made)
    for name in ("a", "b", "c"):
        standin.put_object(BUCKET, f"exports/{name}.csv", "date,bytes\n")
    return made


def failures(endpoint):
    return {check.name: check.detail for check in check_connection(endpoint).checks if not check.ok}


# --- session tags of our own credentials --------------------------------------------------------------


def test_a_role_set_up_as_told_takes_our_session_tags(endpoint, standin):
    standin.app.roles.caller_has_tags = True
    assert failures(endpoint) == {}


def test_a_role_that_may_not_be_tagged_is_told_apart_from_one_that_refuses(endpoint, standin):
    standin.app.roles.caller_has_tags = True
    trust(standin, endpoint, may_be_tagged=False)
    with pytest.raises(TagSessionDenied) as caught:
        storage.open_bucket(endpoint)
    assert "does not allow sts:TagSession" in caught.value.message
    assert "EKS Pod Identity" in caught.value.message
    assert "Replace the role's trust policy by the one shown for this endpoint" in caught.value.remedy
    assert "sts:TagSession" in failures(endpoint)[ASSUME]


def test_a_role_that_refuses_us_is_not_told_of_tags(endpoint, standin):
    standin.app.roles.caller_has_tags = True
    trust(standin, endpoint, external_id="denominator-of-another", may_be_tagged=False)
    with pytest.raises(RoleDenied) as caught:
        storage.open_bucket(endpoint)
    assert not isinstance(caught.value, TagSessionDenied)


def test_tags_that_are_refused_prove_nothing_about_the_external_id(endpoint, standin):
    """Without tags the same call might be let in."""
    standin.app.roles.caller_has_tags = True

    def refuse_tags():
        trust(standin, endpoint, may_be_tagged=False, requires_external_id=False)

    standin.after("assume", refuse_tags)
    details = failures(endpoint)
    for name in (NOT_WITHOUT, NOT_WITH_ANOTHER):
        assert details[name].startswith("Not tried: ")


# --- who pays ----------------------------------------------------------------------------------------


def test_a_bucket_whose_requester_pays_is_said_to_be_one(endpoint, standin):
    standin.app.requester_pays.add(BUCKET)
    with pytest.raises(RequesterPays) as caught:
        next(storage.open_bucket(endpoint).list_pages("exports/"))
    assert "is set to Requester Pays" in caught.value.message
    assert "account that owns the bucket" in caught.value.remedy
    assert "Requester Pays" in failures(endpoint)[LIST]


def test_a_role_that_may_not_list_is_not_told_of_paying(endpoint, standin):
    trust(standin, endpoint, actions=("s3:GetObject",))
    with pytest.raises(storage.ListDenied, match="Allow s3:ListBucket"):
        next(storage.open_bucket(endpoint).list_pages("exports/"))


def test_a_bucket_is_never_read_at_the_requesters_cost(endpoint, standin):
    standin.app.requester_pays.add(BUCKET)
    bucket = storage.open_bucket(endpoint)
    for _ in range(2):
        with pytest.raises(RequesterPays):
            next(bucket.list_pages("exports/"))
    assert standin.count("get") == 0


# --- whose object it is ------------------------------------------------------------------------------


def read_each(endpoint) -> dict[str, str]:
    """Each key with what it holds, or the name of what was raised."""
    bucket, found = storage.open_bucket(endpoint), {}
    for obj in next(bucket.list_pages("exports/")):
        try:
            found[obj.key] = bucket.open_stream(obj).read().decode()
        except storage.StorageError as error:
            found[obj.key] = type(error).__name__
    return found


@pytest.mark.parametrize("name", ["0", "b", "z"])
def test_an_object_of_its_uploader_among_readable_ones_is_said_to_be_that(endpoint, standin, name):
    standin.put_object(BUCKET, f"exports/{name}.csv", "date,bytes\n", owner=UPLOADER)
    found = read_each(endpoint)
    assert found.pop(f"exports/{name}.csv") == "OwnedByAnotherAccount"
    assert set(found.values()) == {"date,bytes\n"}


def test_it_is_found_beyond_the_first_page_too(endpoint, standin, monkeypatch):
    monkeypatch.setattr("endpoints.denials.SAMPLE_SIZE", 2)
    standin.put_object(BUCKET, "exports/z.csv", "date,bytes\n", owner=UPLOADER)
    assert read_each(endpoint)["exports/z.csv"] == "OwnedByAnotherAccount"


def test_its_remedy_is_the_buckets_object_ownership(endpoint):
    error = errors.owned_by_another_account(Grant.for_endpoint(endpoint), "exports/a.csv")
    assert isinstance(error, ReadDenied)
    assert "belongs to another AWS account" in error.message
    assert "Bucket owner enforced" in error.remedy
    assert "bucket-owner-full-control" in error.remedy


def test_a_role_that_may_read_nothing_is_told_of_the_permission(endpoint, standin):
    trust(standin, endpoint, actions=("s3:ListBucket",))
    assert set(read_each(endpoint).values()) == {"ReadDenied"}


def test_where_all_are_the_uploaders_both_causes_are_named(endpoint, standin):
    for name in ("a", "b", "c"):
        standin.change_object(BUCKET, f"exports/{name}.csv", owner=UPLOADER)
    bucket = storage.open_bucket(endpoint)
    with pytest.raises(ReadDenied) as caught:
        bucket.open_stream(next(bucket.list_pages("exports/"))[0])
    assert not isinstance(caught.value, OwnedByAnotherAccount)
    assert "Allow s3:GetObject" in caught.value.remedy
    assert "Bucket owner enforced" in caught.value.remedy


def test_an_explicit_deny_is_not_taken_for_anything_else(endpoint):
    words = (
        "User: x is not authorized to perform: s3:GetObject with an explicit deny in a resource-based policy"
    )
    assert isinstance(errors.read_denied(Grant.for_endpoint(endpoint), "a.csv", words), ReadForbidden)
