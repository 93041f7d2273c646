"""What people read when the way to a bucket is barred, and that no credential stands in it."""

from __future__ import annotations

import json
import logging
import pickle
import socket
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account
from demo.standin import OUR_KEY
from endpoints import errors, storage
from endpoints.grants import MAX_SESSION_POLICY, Grant
from tests.standin import BUCKET, ROLE_ARN, make_endpoint, trust


@pytest.fixture
def endpoint(standin):
    made = make_endpoint(Account(name="Acme", slug="acme"), path_prefix="exports")
    trust(standin, made)
    standin.put_object(BUCKET, "exports/a.csv", "date,bytes\n")
    return made


def first_object(bucket):
    return next(bucket.list_pages("exports/"))[0]


def read_all(endpoint):
    bucket = storage.open_bucket(endpoint)
    return bucket.open_stream(first_object(bucket)).read()


def test_an_unknown_role_is_denied(endpoint, settings):
    settings.AWS_ACCOUNT_ID = "999999999999"
    endpoint.role_arn = "arn:aws:iam::123456789012:role/Other"
    with pytest.raises(storage.RoleDenied) as caught:
        storage.open_bucket(endpoint)
    assert "arn:aws:iam::123456789012:role/Other cannot be assumed" in caught.value.message
    assert "AWS account 999999999999" in caught.value.remedy
    assert "External ID" in caught.value.remedy


def test_a_role_is_assumed_with_the_endpoints_external_id_alone(endpoint, standin):
    storage.try_to_assume(endpoint, external_id=endpoint.external_id)
    for other in (None, "denominator-of-another"):
        with pytest.raises(storage.RoleDenied):
            storage.try_to_assume(endpoint, external_id=other)
    endpoint.external_id = "denominator-of-another"
    with pytest.raises(storage.RoleDenied):
        storage.open_bucket(endpoint)


@pytest.mark.parametrize(
    ("actions", "attempt", "error", "words"),
    [
        (("s3:GetObject",), "list", storage.ListDenied, "s3:ListBucket on arn:aws:s3:::acme-exports"),
        (
            ("s3:ListBucket",),
            "read",
            storage.ReadDenied,
            "s3:GetObject on arn:aws:s3:::acme-exports/exports/*",
        ),
    ],
)
def test_a_missing_permission_is_named(endpoint, standin, actions, attempt, error, words):
    trust(standin, endpoint, actions=actions)
    with pytest.raises(error) as caught:
        read_all(endpoint)
    assert words in caught.value.remedy
    assert ROLE_ARN in caught.value.message


def test_the_session_may_not_do_what_the_role_might(endpoint, standin):
    """The role may read the whole bucket; the session policy narrows it to the telemetry's prefix."""
    trust(standin, endpoint, prefix="")
    standin.put_object(BUCKET, "exports/usage/1.csv", "x")
    bucket = storage.open_bucket(endpoint, prefix="usage/")
    assert [obj.key for obj in next(bucket.list_pages("exports/usage/"))] == ["exports/usage/1.csv"]
    with pytest.raises(storage.ListDenied):
        next(bucket.list_pages("exports/"))
    whole = first_object(storage.open_bucket(endpoint))
    with pytest.raises(storage.ReadDenied):
        bucket.open_stream(whole)


@pytest.mark.parametrize(
    ("operation", "kind", "error"),
    [
        ("list", "slow_down", storage.SlowDown),
        ("get", "slow_down", storage.SlowDown),
        ("list", "server_error", storage.ServerError),
        ("get", "server_error", storage.ServerError),
        ("list", "hang", storage.Unreachable),
        ("get", "hang", storage.Unreachable),
        ("assume", "hang", storage.Unreachable),
        ("assume", "slow_down", storage.SlowDown),
        ("assume", "server_error", storage.ServerError),
    ],
)
def test_what_may_pass_is_marked_retryable(endpoint, standin, monkeypatch, operation, kind, error):
    monkeypatch.setattr(storage, "READ_TIMEOUT", 0.2)
    standin.fail(operation, kind)
    with pytest.raises(error) as caught:
        read_all(endpoint)
    assert caught.value.retryable


def test_the_sdk_tries_again_before_it_gives_up(endpoint, standin, monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    standin.fail("list", "server_error", times=1)
    standin.fail("get", "slow_down", times=1)
    assert read_all(endpoint) == b"date,bytes\n"


def test_an_s3_that_does_not_answer_is_unreachable(endpoint, standin, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(storage.Unreachable, match="in region eu-west-1 could not be reached"):
            storage.open_bucket(endpoint)


def test_without_credentials_of_our_own_the_operator_is_told(endpoint, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    storage.clear_sessions()
    with pytest.raises(storage.NoCredentials, match="AWS_ACCESS_KEY_ID"):
        storage.open_bucket(endpoint)


def test_incomplete_credentials_count_as_missing(endpoint, monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    storage.clear_sessions()
    with pytest.raises(storage.NoCredentials):
        storage.open_bucket(endpoint)


def test_refused_credentials_of_our_own_are_the_operators_matter(endpoint, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
    storage.clear_sessions()
    with pytest.raises(storage.NoCredentials, match="InvalidClientTokenId"):
        storage.open_bucket(endpoint)


@pytest.mark.parametrize("variable", [("AWS_ENDPOINT_URL", "no url"), ("AWS_PROFILE", "no-such-profile")])
def test_a_wrong_setting_of_the_sdk_is_an_error_in_words(endpoint, monkeypatch, variable):
    monkeypatch.setenv(*variable)
    storage.clear_sessions()
    with pytest.raises(storage.StorageError):
        storage.open_bucket(endpoint)


def test_damaged_transfers_are_not_taken_for_data(endpoint, standin):
    standin.fail("get", "damage", after_bytes=4)
    with pytest.raises(storage.ServerError, match=r"exports/a\.csv .* does not match its checksum"):
        read_all(endpoint)


# --- credentials -------------------------------------------------------------------------------------


def test_credentials_are_reused_until_shortly_before_they_end(endpoint, standin, monkeypatch):
    for _ in range(3):
        read_all(endpoint)
    assert standin.count("assume") == 1
    soon = timezone.now() + timedelta(minutes=56)
    monkeypatch.setattr("endpoints.sessions.timezone.now", lambda: soon)
    storage.open_bucket(endpoint)
    assert standin.count("assume") == 2


def test_a_bucket_outlives_its_credentials(endpoint, standin, monkeypatch):
    bucket = storage.open_bucket(endpoint)
    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr("endpoints.sessions.timezone.now", lambda: later)
    assert first_object(bucket).key == "exports/a.csv"
    assert standin.count("assume") == 2


def test_credentials_that_s3_no_longer_knows_are_renewed(endpoint, standin):
    bucket = storage.open_bucket(endpoint)
    standin.app.roles.sessions.clear()
    assert first_object(bucket).key == "exports/a.csv"
    assert standin.count("assume") == 2


def test_fresh_access_assumes_the_role_again(endpoint, standin):
    storage.open_bucket(endpoint)
    standin.app.roles.remove(ROLE_ARN)
    storage.open_bucket(endpoint)
    with pytest.raises(storage.RoleDenied):
        storage.open_bucket(endpoint, fresh=True)


def test_two_endpoints_with_one_role_share_no_credentials(endpoint, standin):
    storage.open_bucket(endpoint)
    other = make_endpoint(Account(name="Evil", slug="evil"), path_prefix="exports")
    with pytest.raises(storage.RoleDenied):
        storage.open_bucket(other)


def test_no_credential_is_in_a_log_a_repr_or_an_error(endpoint, standin, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    for noisy in ("botocore", "boto3", "urllib3"):
        monkeypatch.setattr(logging.getLogger(noisy), "level", logging.WARNING)
    bucket = storage.open_bucket(endpoint)
    shown = [repr(bucket), repr(Grant.for_endpoint(endpoint)), repr(vars(storage._sessions))]
    standin.fail("list", "deny")
    with pytest.raises(storage.ListDenied) as caught:
        first_object(bucket)
    shown += [str(caught.value), repr(caught.value), repr(caught.value.__cause__), caplog.text]
    assert caught.value.__suppress_context__
    (session,) = standin.app.roles.sessions.values()
    for secret in (
        session.secret,
        session.token,
        session.key,
        endpoint.external_id,
        OUR_KEY,
        "our-own-secret",
    ):
        assert not any(secret in text for text in shown)


def test_the_customers_trail_names_us_and_the_account(endpoint):
    endpoint.account.slug = "acme & söhne/" + "x" * 80
    name = Grant.for_endpoint(endpoint).session_name
    assert name.startswith("denominator-acme---s-hne-xxx")
    assert len(name) == 64
    storage.try_to_assume(
        make_endpoint(endpoint.account, external_id=endpoint.external_id), external_id=endpoint.external_id
    )


# --- session policies --------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["a*b?c$d/${aws:username}/", "exports/täglich/日本/", 'quote"and\\slash/'])
def test_a_prefix_with_special_characters_means_itself(endpoint, standin, prefix):
    endpoint.path_prefix = prefix.strip("/")
    trust(standin, endpoint, prefix="")
    standin.put_object(BUCKET, f"{prefix}1.csv", "inside")
    standin.put_object(BUCKET, "aXbXc/1.csv", "outside")
    bucket = storage.open_bucket(endpoint)
    (page,) = bucket.list_pages(prefix)
    assert bucket.open_stream(page[0]).read() == b"inside"
    with pytest.raises(storage.ListDenied):
        next(bucket.list_pages("aXbXc/"))


@pytest.mark.parametrize("prefix", ["x" * 1024, "日" * 340, "*" * 1000])
def test_a_session_policy_fits_its_limit_whatever_the_prefix(endpoint, standin, prefix):
    endpoint.path_prefix = ""
    grant = Grant.for_endpoint(endpoint, prefix=prefix)
    assert len(grant.session_policy) <= MAX_SESSION_POLICY
    assert json.loads(grant.session_policy)["Statement"][1]["Resource"].startswith(
        "arn:aws:s3:::acme-exports/"
    )
    trust(standin, endpoint, prefix="")
    standin.put_object(BUCKET, prefix, "inside")
    bucket = storage.open_bucket(endpoint, prefix=prefix)
    assert [obj.key for obj in next(bucket.list_pages(prefix))] == [prefix]


def test_a_session_policy_speaks_of_the_roles_partition(endpoint):
    endpoint.role_arn = "arn:aws-cn:iam::123456789012:role/R"
    policy = json.loads(Grant.for_endpoint(endpoint).session_policy)
    assert policy["Statement"][0]["Resource"] == "arn:aws-cn:s3:::acme-exports"


# --- what AWS words, and we explain -------------------------------------------------------------------


@pytest.fixture
def grant(endpoint):
    return Grant.for_endpoint(endpoint)


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("not authorized to perform: kms:Decrypt on resource arn:aws:kms:...", "allow the role kms:Decrypt"),
        ("... with an explicit deny in a resource-based policy", "An explicit deny forbids it"),
        ("Access Denied", "Allow s3:GetObject on arn:aws:s3:::acme-exports/exports/*"),
    ],
)
def test_a_denied_read_names_what_denies_it(grant, words, remedy):
    assert remedy in errors.read_denied(grant, "exports/a.csv", words).remedy


def test_an_error_survives_pickling(grant):
    error = errors.wrong_region(grant, "eu-central-1")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(copy), str(copy), copy.code) == (type(error), str(error), "wrong_region")
