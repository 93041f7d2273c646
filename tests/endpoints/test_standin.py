"""The stand-in where nothing else uses it: as a process over a folder, as the demo runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from boto3.session import Session

from demo.standin.policies import MalformedPolicy, allows, parse_policy
from demo.standin.server import StandIn, make_app_server
from demo.standin.stores import FolderStore
from endpoints import storage
from tests.standin import BUCKET, REGION, make_endpoint, use_aws_at

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data" / BUCKET / "exports").mkdir(parents=True)
    (tmp_path / "data" / BUCKET / "exports" / "1.csv").write_text("date,bytes\n")
    (tmp_path / "roles.json").write_text("[]")
    return tmp_path


@pytest.fixture
def process(folder, monkeypatch):
    """The command on a free port, which it is found on by asking until it answers."""
    with make_app_server(None, host="127.0.0.1", port=0) as free:
        port = free.server_port
    command = [sys.executable, "-m", "demo.standin", "--port", str(port), "--folder", str(folder / "data")]
    running = subprocess.Popen(
        [*command, "--role-file", str(folder / "roles.json"), "--region", REGION],
        cwd=ROOT,
        env={**os.environ},
    )
    use_aws_at(f"http://127.0.0.1:{port}", monkeypatch)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "20")  # until the process listens
    yield f"http://127.0.0.1:{port}"
    running.terminate()
    running.wait(10)
    storage.clear_sessions()


def as_json(endpoint):
    return {
        "arn": endpoint.role_arn,
        "external_id": endpoint.external_id,
        "bucket": BUCKET,
        "prefix": "exports/",
    }


def test_the_process_serves_a_folder_and_reads_what_changes_again(process, folder, s3_account):
    Session(region_name=REGION).client("sts").get_caller_identity()
    endpoint = make_endpoint(s3_account, path_prefix="exports")
    with pytest.raises(storage.RoleDenied):
        storage.open_bucket(endpoint)

    (folder / "roles.json").write_text(json.dumps([as_json(endpoint)]))
    bucket = storage.open_bucket(endpoint)
    (first,) = next(bucket.list_pages("exports/"))
    assert bucket.open_stream(first).read() == b"date,bytes\n"

    (folder / "data" / BUCKET / "exports" / "2.csv").write_text("date,calls\n")
    (folder / "data" / BUCKET / "exports" / "1.csv").write_text("date,bytes\n2026-01-01,1\n")
    with pytest.raises(storage.ObjectChanged):
        bucket.open_stream(first)
    first, second = next(bucket.list_pages("exports/"))
    assert bucket.read_range(first, start=5, length=5) == b"bytes"
    assert bucket.open_stream(second).read() == b"date,calls\n"


def test_roles_can_be_put_over_http(process, folder, s3_account):
    Session(region_name=REGION).client("sts").get_caller_identity()
    endpoint = make_endpoint(s3_account, path_prefix="exports")
    body = json.dumps([as_json(endpoint)]).encode()
    urllib.request.urlopen(urllib.request.Request(f"{process}/_standin/roles", data=body, method="PUT"))  # noqa: S310 - loopback
    storage.open_bucket(endpoint)


def test_no_key_leads_out_of_the_folder(folder):
    (folder / "secret").write_text("secret")
    store = FolderStore(folder / "data")
    for key in ("../../secret", "exports/../../../secret", "/etc/passwd", "exports//1.csv", "a\0b"):
        assert store.get(BUCKET, key) is None


def test_a_folder_is_listed_page_by_page_in_the_order_of_s3(folder):
    place = folder / "data" / BUCKET
    for name in ("b.csv", "B.csv", "ä.csv", "a/1.csv", "a-1.csv"):
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(name)
    store, keys, after = FolderStore(folder / "data"), [], ""
    while page := store.list(BUCKET, prefix="", after=after, limit=2):
        keys += [stored.key for stored in page]
        after = keys[-1]
    assert keys == ["B.csv", "a-1.csv", "a/1.csv", "b.csv", "exports/1.csv", "ä.csv"]


def test_our_own_credentials_open_no_bucket(standin: StandIn):
    standin.put_object(BUCKET, "a.csv", "x")
    client = Session(region_name=REGION).client("s3")
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.list_objects_v2(Bucket=BUCKET)
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.get_object(Bucket=BUCKET, Key="a.csv")


def test_a_session_token_belongs_to_its_key(standin: StandIn, s3_endpoint):
    storage.open_bucket(s3_endpoint)
    (session,) = standin.app.roles.sessions.values()
    client = Session(session.key, session.secret, "another-token", region_name=REGION).client("s3")
    with pytest.raises(client.exceptions.ClientError, match="InvalidToken"):
        client.list_objects_v2(Bucket=BUCKET)


@pytest.mark.parametrize(
    ("action", "resource", "prefix", "allowed"),
    [
        ("s3:GetObject", "arn:aws:s3:::b/exports/1.csv", None, True),
        ("s3:GetObject", "arn:aws:s3:::b/other/1.csv", None, False),
        ("s3:PutObject", "arn:aws:s3:::b/exports/1.csv", None, False),
        ("s3:ListBucket", "arn:aws:s3:::b", "exports/2026/", True),
        ("s3:ListBucket", "arn:aws:s3:::b", "other/", False),
        ("s3:ListBucket", "arn:aws:s3:::b", None, False),
        ("s3:ListBucket", "arn:aws:s3:::c", "exports/", False),
    ],
)
def test_a_session_policy_allows_what_it_says(action, resource, prefix, allowed):
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/exports/*"},
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": "arn:aws:s3:::b",
                "Condition": {"StringLike": {"s3:prefix": ["exports/*"]}},
            },
        ],
    }
    assert allows(policy, action=action, resource=resource, prefix=prefix) is allowed


def test_a_condition_is_held_against_what_the_request_has():
    statement = {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": "arn:aws:kms:*:*:key/*",
        "Condition": {"StringLike": {"kms:ViaService": "s3.eu-west-1.*"}},
    }
    asked = {"action": "kms:Decrypt", "resource": "arn:aws:kms:eu-west-1:1:key/1"}
    policy = {"Version": "2012-10-17", "Statement": statement}
    assert allows(policy, **asked, via_service="s3.eu-west-1.amazonaws.com")
    assert not allows(policy, **asked, via_service="s3.eu-west-2.amazonaws.com")
    assert not allows(policy, **asked, prefix="s3.eu-west-1.amazonaws.com")
    assert not allows(policy, **asked)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"Version": "2008-10-17", "Statement": []}'])
def test_a_policy_that_iam_would_refuse_is_refused(text):
    with pytest.raises(MalformedPolicy):
        parse_policy(text)
