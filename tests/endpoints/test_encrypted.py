"""Objects encrypted with a customer's KMS key: role, session policy and key policy have a say, as on AWS."""

from __future__ import annotations

import json

import pytest

from accounts.models import Account
from demo.standin.policies import allows
from endpoints import storage
from endpoints.connection import READ, check_connection
from endpoints.error_types import (
    CustomerProvidedKey,
    DecryptDenied,
    KmsKeyUnusable,
    PackedPolicyTooLarge,
    SessionPolicyRefused,
)
from endpoints.grants import Grant
from endpoints.iam import KMS_KEY_PLACEHOLDER, make_documents
from tests.standin import BUCKET, REGION, make_endpoint, trust

KEY = f"arn:aws:kms:{REGION}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
FOREIGN_KEY = KEY.replace("123456789012", "444455556666")
SUFFIXES = {  # what kms:ViaService ends with
    "eu-west-1": "amazonaws.com",
    "us-gov-west-1": "amazonaws.com",
    "cn-north-1": "amazonaws.com.cn",
    "eusc-de-east-1": "amazonaws.eu",
    "us-isob-east-1": "sc2s.sgov.gov",
}


@pytest.fixture
def endpoint(standin):
    made = make_endpoint(Account(name="Acme", slug="acme"), path_prefix="exports")
    trust(standin, made)
    standin.put_object(BUCKET, "exports/a.csv", "date,bytes\n", kms_key=KEY)
    return made


def kms_policy(endpoint, key: str = KEY) -> dict:
    """The optional policy as the customer would paste it."""
    made = make_documents(
        external_id=endpoint.external_id, bucket=BUCKET, prefix="exports/", region=endpoint.region
    )
    return json.loads(made.kms_policy.replace(KMS_KEY_PLACEHOLDER, key))


def read(endpoint) -> bytes:
    bucket = storage.open_bucket(endpoint, fresh=True)
    [obj] = next(bucket.list_pages("exports/"))
    return bucket.open_stream(obj).read()


def test_a_role_with_the_optional_policy_reads_an_encrypted_object(endpoint, standin):
    trust(standin, endpoint, policy=kms_policy(endpoint))
    assert read(endpoint) == b"date,bytes\n"


def test_the_documents_alone_are_enough_for_a_role_that_may_nothing_else(endpoint, standin):
    made = make_documents(external_id=endpoint.external_id, bucket=BUCKET, prefix="exports/", region=REGION)
    statements = [*json.loads(made.inline_policy)["Statement"], *kms_policy(endpoint)["Statement"]]
    trust(standin, endpoint, actions=(), policy={"Version": "2012-10-17", "Statement": statements})
    assert read(endpoint) == b"date,bytes\n"


def test_a_role_without_it_is_told_to_add_it_for_that_key(endpoint):
    with pytest.raises(DecryptDenied) as caught:
        read(endpoint)
    assert "may not decrypt exports/a.csv" in caught.value.message
    assert f"allow the role kms:Decrypt on the KMS key {KEY}" in caught.value.remedy


def test_the_policy_of_one_key_opens_no_other(endpoint, standin):
    trust(standin, endpoint, policy=kms_policy(endpoint, KEY.replace("1234abcd", "ffffffff")))
    with pytest.raises(DecryptDenied, match="allow the role kms:Decrypt"):
        read(endpoint)


def test_a_key_of_another_account_has_to_let_the_role_in(endpoint, standin):
    standin.put_object(BUCKET, "exports/a.csv", "date,bytes\n", kms_key=FOREIGN_KEY)
    trust(standin, endpoint, policy=kms_policy(endpoint, FOREIGN_KEY))
    with pytest.raises(DecryptDenied, match=r"Let the key policy of the KMS key .*444455556666"):
        read(endpoint)
    standin.set_key(FOREIGN_KEY, lets_in=(endpoint.role_arn,))
    assert read(endpoint) == b"date,bytes\n"


def test_the_session_may_decrypt_through_s3_alone(endpoint):
    policy = json.loads(Grant.for_endpoint(endpoint).session_policy)
    asked = {"action": "kms:Decrypt", "resource": KEY}
    assert allows(policy, **asked, via_service=f"s3.{REGION}.amazonaws.com")
    assert not allows(policy, **asked)  # called directly, by whoever has stolen the credentials
    for other in (f"ec2.{REGION}.amazonaws.com", "s3.us-east-1.amazonaws.com"):
        assert not allows(policy, **asked, via_service=other)
    for action in ("kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom"):
        assert not allows(policy, action=action, resource=KEY, via_service=f"s3.{REGION}.amazonaws.com")


@pytest.mark.parametrize(("region", "suffix"), SUFFIXES.items())
def test_it_may_so_in_every_partition(endpoint, region, suffix):
    endpoint.region, partition = region, storage.find_partition(region)
    endpoint.role_arn = f"arn:{partition}:iam::123456789012:role/R"
    key = f"arn:{partition}:kms:{region}:123456789012:key/1"
    for policy in (json.loads(Grant.for_endpoint(endpoint).session_policy), kms_policy(endpoint, key)):
        assert allows(policy, action="kms:Decrypt", resource=key, via_service=f"s3.{region}.{suffix}")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("disabled", "which is disabled. Enable the key in AWS KMS."),
        ("pending_deletion", "which waits for its deletion. Cancel the deletion"),
        ("gone", "which does not exist any more. Upload the file again"),
    ],
)
def test_a_key_that_cannot_be_used_is_named_with_its_state(endpoint, standin, state, words):
    trust(standin, endpoint, policy=kms_policy(endpoint))
    standin.set_key(KEY, state=state)
    with pytest.raises(KmsKeyUnusable) as caught:
        read(endpoint)
    assert f"{KEY}, {words}" in str(caught.value)


def test_a_key_that_only_the_uploader_has_is_said_to_be_one(endpoint, standin):
    standin.put_object(BUCKET, "exports/a.csv", "date,bytes\n", customer_key=True)
    with pytest.raises(CustomerProvidedKey, match=r"exports/a\.csv .* only its uploader has \(SSE-C\)"):
        read(endpoint)


def test_test_endpoint_says_so_too(endpoint):
    details = {check.name: check.detail for check in check_connection(endpoint).checks if not check.ok}
    assert list(details) == [READ]
    assert f"allow the role kms:Decrypt on the KMS key {KEY}" in details[READ]


# --- how large a session policy may be ---------------------------------------------------------------


def test_a_policy_too_large_when_packed_names_what_takes_the_room(endpoint, standin):
    standin.app.roles.packed_space = 10
    with pytest.raises(PackedPolicyTooLarge) as caught:
        storage.open_bucket(endpoint)
    assert "PackedPolicyTooLarge" in caught.value.message
    assert "session tags" in caught.value.remedy


def test_a_refusal_for_size_is_never_taken_for_a_trust_policy_that_refuses(endpoint, standin):
    trust(standin, endpoint, requires_external_id=False)
    standin.after("assume", lambda: setattr(standin.app.roles, "packed_space", 10))
    details = [check.detail for check in check_connection(endpoint).checks[1:3]]
    assert all(detail.startswith("Not tried: ") for detail in details)


def test_a_long_prefix_is_narrowed_by_as_much_of_it_as_finds_room(endpoint, standin):
    prefix = "".join(chr(33 + (number * number * 7 + number) % 90) for number in range(900)).replace("/", "-")
    endpoint.path_prefix = ""
    trust(standin, endpoint, prefix="")
    standin.put_object(BUCKET, prefix, "inside")
    standin.app.roles.packed_space = 400
    bucket = storage.open_bucket(endpoint, prefix=prefix)
    [obj] = next(bucket.list_pages(prefix))
    assert bucket.open_stream(obj).read() == b"inside"
    [session] = standin.app.roles.sessions.values()
    resource = session.policy["Statement"][1]["Resource"]
    assert resource.startswith(f"arn:aws:s3:::{BUCKET}/{prefix[0]}")
    with pytest.raises(storage.ListDenied):
        next(bucket.list_pages("~other"))


def test_the_session_policy_holds_no_encryption_context(endpoint):
    """It would name the bucket and the prefix once more, and others have run out of room by it."""
    assert "EncryptionContext" not in Grant.for_endpoint(endpoint).session_policy


# --- other stores than AWS ----------------------------------------------------------------------------


def test_a_store_that_knows_no_kms_is_asked_without(endpoint, standin):
    standin.put_object(BUCKET, "exports/a.csv", "date,bytes\n")
    standin.app.roles.knows_kms = False
    assert read(endpoint) == b"date,bytes\n"
    [session] = standin.app.roles.sessions.values()
    assert [statement["Action"] for statement in session.policy["Statement"]] == [
        "s3:ListBucket",
        "s3:GetObject",
    ]


def test_aws_is_never_asked_without(endpoint, standin, monkeypatch):
    standin.app.roles.knows_kms = False
    monkeypatch.setattr(storage, "has_custom_endpoint", lambda: False)
    with pytest.raises(SessionPolicyRefused, match="MalformedPolicyDocument"):
        storage.open_bucket(endpoint)
    assert standin.count("assume") == 1
