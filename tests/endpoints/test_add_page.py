"""Add Endpoint: the external ID is ours whatever a browser sends, and the documents follow what is typed."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.urls import reverse

from accounts.models import Membership, User
from accounts.roles import ADMIN
from endpoints.models import S3Endpoint
from tests.endpoints.test_pages import ADD, LIST, VALUES
from tests.standin import BUCKET, ROLE_ARN, trust


def shown_external_id(response) -> str:
    page = response.content.decode()
    (shown,) = re.findall(r'id="copy-external-id" value="([^"]+)"', page)
    assert re.search(rf'name="shown_external_id" value="{shown}"', page)
    return shown


def copied(response, label: str) -> str:
    return html.unescape(
        re.search(rf'id="copy-{label}"[^>]*>(.*?)</textarea>', response.content.decode(), re.S)[1]
    )


def post(client, action, **changes):
    shown = changes.pop("shown", None) or shown_external_id(client.get(ADD))
    return client.post(ADD, {**VALUES, "shown_external_id": shown, "action": action, **changes})


def test_an_endpoint_is_added_with_the_external_id_that_was_shown(admin, standin):
    shown = shown_external_id(admin.get(ADD))
    assert shown_external_id(admin.get(ADD)) == shown
    answer = post(admin, "add", description="Daily exports")
    endpoint = S3Endpoint.objects.get()
    assert answer.url == reverse("endpoints:detail", args=[endpoint.public_id])
    assert endpoint.external_id == shown
    assert (endpoint.bucket, endpoint.path_prefix, endpoint.description) == (
        BUCKET,
        "exports",
        "Daily exports",
    )
    assert endpoint.created_by.email == "admin@acme.example"
    assert (endpoint.test_state, standin.count("assume")) == ("untested", 0)
    assert shown_external_id(admin.get(ADD)) != shown


def test_a_test_before_adding_shows_its_checks_and_is_kept(admin, standin):
    shown = shown_external_id(admin.get(ADD))
    trust(standin, S3Endpoint(external_id=shown, role_arn=ROLE_ARN, bucket=BUCKET, path_prefix="exports"))
    page = post(admin, "test", name="")
    assert "The connection works" in page.content.decode()
    assert shown_external_id(page) == shown
    assert not S3Endpoint.objects.exists()
    post(admin, "add")
    endpoint = S3Endpoint.objects.get()
    assert (endpoint.test_state, len(endpoint.test_checks)) == ("passed", 6)
    assert endpoint.tested_at is not None


def test_a_test_of_other_values_than_those_added_is_not_kept(admin, standin):
    post(admin, "test", region="us-east-1")
    post(admin, "add")
    assert S3Endpoint.objects.get().test_state == "untested"


def test_an_endpoint_whose_test_fails_can_be_added(admin, standin):
    page = post(admin, "test")
    assert "The connection does not work yet" in page.content.decode()
    post(admin, "add")
    endpoint = S3Endpoint.objects.get()
    assert endpoint.test_state == "failed"
    assert "Failed" in admin.get(LIST).content.decode()


def test_a_test_needs_a_connection_but_no_name(admin, standin):
    page = post(admin, "test", name="", role_arn="", bucket="s3://acme/usage").content.decode()
    assert "<title>Error: Add Endpoint" in page
    assert "Enter the ARN of the role that you created in AWS." in page
    assert "put acme here and usage into S3 Path Prefix" in page
    assert "Enter a name" not in page
    assert standin.count("assume") == 0


@pytest.mark.parametrize("action", ["add", "test"])
def test_a_tampered_external_id_is_never_used(admin, standin, action):
    mine = "denominator-chosen-by-me"
    ours = shown_external_id(admin.get(ADD))
    page = post(admin, action, shown=mine, external_id=mine)
    assert "The External ID below is a new one" in page.content.decode()
    assert shown_external_id(page) == ours
    assert mine not in page.content.decode()
    assert not S3Endpoint.objects.exists()
    assert standin.count("assume") == 0


def test_an_external_id_of_another_session_is_not_taken(admin, client, s3_account):
    first = shown_external_id(admin.get(ADD))
    other = User.objects.create_user("second@acme.example")
    Membership.objects.create(account=s3_account, user=other, role=ADMIN)
    client.force_login(other)
    assert shown_external_id(client.get(ADD)) != first
    post(client, "add", shown=first)
    assert not S3Endpoint.objects.exists()


def test_a_second_click_shows_the_endpoint_that_the_first_one_added(admin):
    shown = shown_external_id(admin.get(ADD))
    first = post(admin, "add", shown=shown)
    second = post(admin, "add", shown=shown)
    assert first.url == second.url
    assert S3Endpoint.objects.count() == 1


def test_a_name_taken_is_said_at_the_field(admin, s3_endpoint):
    page = post(admin, "add").content.decode()
    assert "An endpoint of this name exists already" in page
    assert 'href="#id_name"' in page


def test_policies_follow_the_bucket_without_checking_anything(admin, settings):
    settings.AWS_ACCOUNT_ID = "210987654321"
    page = post(admin, "policies", name="", role_arn="")
    read = json.loads(copied(page, "inline-policy"))
    assert read["Statement"][1]["Resource"] == "arn:aws:s3:::acme-exports/exports/*"
    trusted = json.loads(copied(page, "trust-policy"))["Statement"][0]
    assert trusted["Condition"]["StringEquals"]["sts:ExternalId"] == shown_external_id(page)
    assert "210987654321" in trusted["Principal"]["AWS"]
    assert "exports/*" in copied(page, "cloudformation-template")
    assert "exports/*" in copied(page, "terraform")
    assert "There is a problem" not in page.content.decode()
    assert 'value="acme-exports"' in page.content.decode()


def test_the_first_look_shows_the_references_words(admin, settings):
    settings.AWS_ACCOUNT_ID = "210987654321"
    page = admin.get(ADD).content.decode()
    labels = ["Endpoint Name", "Description", "Role ARN", "Bucket Name", "S3 Path Prefix", "Region"]
    choices = ["Amazon S3", "Bucket Access", "Read Only", "External ID", "Test Endpoint", "Add Endpoint"]
    values = [settings.SUGGESTED_ROLE_NAME, settings.SUGGESTED_POLICY_NAME, "210987654321"]
    for words in [*labels, *choices, *values, "&lt;BUCKET_NAME&gt;"]:
        assert words in page


def test_without_our_account_id_the_page_says_whom_to_ask(admin, settings):
    settings.AWS_ACCOUNT_ID, settings.SUPPORT_CONTACT = "", "help@example.com"
    assert "Ask help@example.com for it" in admin.get(ADD).content.decode()
