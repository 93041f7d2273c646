"""add_endpoint and test_endpoint, as scripts use them."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account
from endpoints.models import S3Endpoint
from tests.standin import BUCKET, REGION, ROLE_ARN, trust

ADD = ["add_endpoint", "--account", "acme", "--name", "Exports", "--role-arn", ROLE_ARN, "--bucket", BUCKET]


def run(capsys, *arguments):
    """The exit code, and what stands on standard output."""
    try:
        call_command(*arguments)
        code = 0
    except SystemExit as exit_:
        code = exit_.code
    return code, capsys.readouterr().out


def test_an_endpoint_is_added_and_passes_its_test(s3_account, standin, capsys):
    code, out = run(
        capsys, *ADD, "--region", REGION, "--prefix", "exports", "--description", "Daily", "--json"
    )
    added = json.loads(out)
    endpoint = S3Endpoint.objects.get()
    assert code == 0
    assert added == {"id": str(endpoint.public_id), "name": "Exports", "external_id": endpoint.external_id}
    assert (endpoint.path_prefix, endpoint.description) == ("exports", "Daily")

    trust(standin, endpoint)
    code, out = run(capsys, "test_endpoint", "Exports", "--account", "acme", "--json")
    result = json.loads(out)
    assert (code, result["ok"], len(result["checks"])) == (0, True, 6)
    assert set(result["checks"][0]) == {"name", "ok", "detail"}
    endpoint.refresh_from_db()
    assert endpoint.test_state == "passed"


def test_a_test_that_fails_exits_1_and_prints_its_checks_all_the_same(s3_endpoint, standin, capsys):
    standin.app.roles.remove(s3_endpoint.role_arn)
    code, out = run(capsys, "test_endpoint", "Exports", "--account", "acme", "--json")
    result = json.loads(out)
    assert (code, result["ok"]) == (1, False)
    assert "cannot be assumed" in result["checks"][0]["detail"]
    s3_endpoint.refresh_from_db()
    assert s3_endpoint.test_state == "failed"


def test_people_get_lines(s3_endpoint, capsys):
    code, out = run(capsys, "test_endpoint", "Exports", "--account", "acme")
    assert code == 0
    assert out.count("ok      ") == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*ADD, "--region", "Frankfurt"], "--region: Enter the region's code"),
        (
            [*ADD, "--region", REGION, "--bucket", "s3://acme/usage"],
            "--bucket: Enter the bucket's name alone: put acme",
        ),
        ([*ADD, "--region", REGION, "--role-arn", "me"], "--role-arn: Paste the role's whole ARN"),
        ([*ADD, "--region", REGION, "--prefix", "a\x01"], r"--prefix: The prefix holds a control character"),
        ([*ADD, "--region", REGION, "--name", " "], "--name: "),
        ([*ADD, "--region", REGION, "--account", "nobody"], 'There is no account "nobody"'),
        (["test_endpoint", "Nothing", "--account", "acme"], 'There is no endpoint "Nothing"'),
    ],
)
def test_wrong_arguments_exit_2_and_name_the_argument(s3_account, arguments, words):
    with pytest.raises(CommandError, match=words) as caught:
        call_command(*arguments)
    assert caught.value.returncode == 2
    assert not S3Endpoint.objects.exists()


def test_an_endpoint_of_another_account_is_as_if_it_were_none(s3_endpoint):
    Account.objects.create(name="Other", slug="other")
    with pytest.raises(CommandError, match="There is no endpoint"):
        call_command("test_endpoint", "Exports", "--account", "other")
