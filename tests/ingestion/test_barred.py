"""Files and buckets that a role cannot read although it is set up as told: what the run says of them."""

from __future__ import annotations

import pytest

from endpoints import storage
from ingestion.models import Run, RunFile
from tests.standin import BUCKET, trust

State = Run.State


def test_a_file_of_its_uploader_fails_alone_and_says_why(two):
    two.keep("b.csv", owner="beef" * 16)
    run = two.sync()
    assert (run.state, run.files_read, run.files_failed) == (State.INCOMPLETE, 1, 1)
    message = run.files.get(state=RunFile.State.FAILED).message
    assert "usage/b.csv in bucket acme-exports: the object belongs to another AWS account" in message
    assert "Bucket owner enforced" in message
    assert two.points() == [("2024-05-01", "core", "5")]
    two.keep("b.csv", owner=two.standin.store.get(BUCKET, "usage/a.csv")[0].traits.owner)
    assert two.sync().state == State.SUCCEEDED


@pytest.mark.parametrize(
    ("traits", "words"),
    [
        ({"customer_key": True}, "only its uploader has (SSE-C)"),
        ({"kms_key": "arn:aws:kms:eu-west-1:123456789012:key/1"}, "allow the role kms:Decrypt"),
    ],
)
def test_a_file_encrypted_so_that_we_cannot_read_it_fails_alone(two, traits, words):
    two.keep("b.csv", **traits)
    run = two.sync()
    assert (run.state, run.files_read, run.files_failed) == (State.INCOMPLETE, 1, 1)
    assert words in run.files.get(state=RunFile.State.FAILED).message


def test_a_bucket_whose_requester_pays_fails_the_run_with_the_remedy(two):
    storage.clear_sessions()
    two.standin.app.requester_pays.add(BUCKET)
    run = two.sync()
    assert run.state == State.FAILED
    assert "Requester Pays" in run.message


def test_session_tags_that_are_refused_fail_the_run_with_the_remedy(two):
    storage.clear_sessions()
    two.standin.app.roles.caller_has_tags = True
    trust(two.standin, two.telemetry.endpoint, may_be_tagged=False)
    run = two.sync()
    assert run.state == State.FAILED
    assert "sts:TagSession" in run.message
