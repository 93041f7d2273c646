"""The pages under Settings > Endpoints: who may do what, what they show, and all of it without a script."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.urls import reverse

from accounts.models import Account, Membership, User
from accounts.roles import ADMIN, MANAGER, VIEWER
from endpoints.models import S3Endpoint
from tests.endpoints.test_services import add_telemetry
from tests.standin import BUCKET, REGION, ROLE_ARN, trust

ADD = reverse("endpoints:add")
LIST = reverse("endpoints:list")
VALUES = {
    "source": "s3",
    "access": "read_only",
    "name": "Exports",
    "description": "",
    "role_arn": ROLE_ARN,
    "bucket": BUCKET,
    "path_prefix": "exports",
    "region": REGION,
}


@pytest.fixture
def sign_in(client, s3_account):
    def sign_in_as(role, account=s3_account):
        user = User.objects.create_user(f"{role}@{account.slug}.example")
        Membership.objects.create(account=account, user=user, role=role)
        client.force_login(user)
        return client

    return sign_in_as


@pytest.fixture
def admin(sign_in):
    return sign_in(ADMIN)


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


# --- who may -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "see", "manage"), [(VIEWER, 200, 403), (MANAGER, 200, 403), (ADMIN, 200, 200)]
)
def test_all_members_see_and_admins_manage(sign_in, s3_endpoint, role, see, manage):
    client = sign_in(role)
    one = {"endpoint_id": s3_endpoint.public_id}
    assert client.get(LIST).status_code == see
    assert client.get(reverse("endpoints:detail", kwargs=one)).status_code == see
    for name in ("edit", "delete"):
        assert client.get(reverse(f"endpoints:{name}", kwargs=one)).status_code == manage
    assert client.get(ADD).status_code == manage
    tested = client.post(reverse("endpoints:test", kwargs=one))
    assert tested.status_code == (302 if manage == 200 else 403)


def test_a_viewer_is_offered_nothing_that_is_refused(sign_in, s3_endpoint):
    client = sign_in(VIEWER)
    pages = [client.get(LIST), client.get(reverse("endpoints:detail", args=[s3_endpoint.public_id]))]
    for page in pages:
        for label in ("Add Endpoint", "Test Endpoint", "Edit<", "Delete<", s3_endpoint.external_id):
            assert label not in page.content.decode()


def test_anonymous_people_are_sent_to_sign_in(client, s3_endpoint):
    for name, arguments in (("list", []), ("add", []), ("detail", [s3_endpoint.public_id])):
        answer = client.get(reverse(f"endpoints:{name}", args=arguments))
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("accounts:login"))


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("get", "detail"),
        ("get", "edit"),
        ("post", "edit"),
        ("post", "test"),
        ("get", "delete"),
        ("post", "delete"),
    ],
)
def test_another_accounts_endpoint_does_not_exist(sign_in, s3_endpoint, method, name):
    client = sign_in(ADMIN, Account.objects.create(name="Other", slug="other", s3_csv_telemetry=True))
    answer = getattr(client, method)(reverse(f"endpoints:{name}", args=[s3_endpoint.public_id]))
    assert answer.status_code == 404
    s3_endpoint.refresh_from_db()
    assert s3_endpoint.test_state == "untested"
    assert s3_endpoint.name not in client.get(LIST).content.decode()


def test_without_the_beta_the_pages_say_how_to_ask_for_it(sign_in, s3_account, settings):
    settings.SUPPORT_CONTACT = "beta@example.com"
    Account.objects.update(s3_csv_telemetry=False)
    client = sign_in(ADMIN)
    assert "beta@example.com" in client.get(LIST).content.decode()
    assert client.post(ADD, VALUES).status_code == 403
    assert not S3Endpoint.objects.exists()


# --- adding ------------------------------------------------------------------------------------------


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


def test_a_second_click_lands_on_the_endpoint_that_the_first_one_added(admin):
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


# --- afterwards --------------------------------------------------------------------------------------


def test_a_test_on_its_page_is_kept_and_shown(admin, s3_endpoint, standin):
    url = reverse("endpoints:detail", args=[s3_endpoint.public_id])
    page = admin.post(reverse("endpoints:test", args=[s3_endpoint.public_id]), follow=True).content.decode()
    assert page.count("state-passed") == 7  # the endpoint's, and six checks
    trust(standin, s3_endpoint, requires_external_id=False)
    admin.post(reverse("endpoints:test", args=[s3_endpoint.public_id]))
    assert "The role is not safe" in admin.get(url).content.decode()


def test_editing_the_connection_asks_for_a_new_test(admin, s3_endpoint):
    admin.post(reverse("endpoints:test", args=[s3_endpoint.public_id]))
    before = s3_endpoint.external_id
    answer = admin.post(
        reverse("endpoints:edit", args=[s3_endpoint.public_id]),
        {**VALUES, "name": "Renamed", "external_id": "denominator-mine", "region": "us-east-1"},
    )
    assert answer.status_code == 302
    s3_endpoint.refresh_from_db()
    assert (s3_endpoint.name, s3_endpoint.region, s3_endpoint.test_state) == (
        "Renamed",
        "us-east-1",
        "untested",
    )
    assert s3_endpoint.external_id == before


def test_a_wrong_edit_is_said_at_the_field_and_changes_nothing(admin, s3_endpoint):
    page = admin.post(reverse("endpoints:edit", args=[s3_endpoint.public_id]), {**VALUES, "bucket": "X"})
    assert "3 to 63 characters" in page.content.decode()
    s3_endpoint.refresh_from_db()
    assert s3_endpoint.bucket == BUCKET


def test_typing_on_the_edit_page_sends_nothing(admin, s3_endpoint):
    """There, a post saves."""
    page = admin.get(reverse("endpoints:edit", args=[s3_endpoint.public_id])).content.decode()
    assert "hx-post" not in page


def test_editing_an_endpoint_in_use_says_what_it_means(admin, s3_endpoint):
    add_telemetry(s3_endpoint)
    page = admin.get(reverse("endpoints:edit", args=[s3_endpoint.public_id])).content.decode()
    assert "1 telemetry reads from this endpoint" in page
    assert "their next sync reads the files at the new place" in page


def test_an_endpoint_is_deleted_after_a_question(admin, s3_endpoint):
    url = reverse("endpoints:delete", args=[s3_endpoint.public_id])
    assert "Delete endpoint" in admin.get(url).content.decode()
    assert S3Endpoint.objects.exists()
    assert admin.post(url).url == LIST
    assert not S3Endpoint.objects.exists()


def test_an_endpoint_in_use_is_not_deleted_and_its_telemetries_are_listed(admin, s3_endpoint):
    add_telemetry(s3_endpoint, "Bytes transferred")
    answer = admin.post(reverse("endpoints:delete", args=[s3_endpoint.public_id]))
    assert answer.status_code == 409
    assert "Bytes transferred" in answer.content.decode()
    assert S3Endpoint.objects.exists()


def test_an_empty_list_says_what_to_do_next(admin):
    page = admin.get(LIST).content.decode()
    assert "No endpoints yet" in page
    assert page.count(f'href="{ADD}"') == 2


def test_a_long_list_is_searched(admin, s3_account):
    for number in range(12):
        S3Endpoint.objects.create(
            account=s3_account, name=f"Exports {number}", role_arn=ROLE_ARN, external_id=f"e{number}",
            bucket=f"bucket-{number}", region=REGION,
        )  # fmt: skip
    assert 'type="search"' in admin.get(LIST).content.decode()
    found = admin.get(LIST, {"search": "bucket-11"}).content.decode()
    assert "Exports 11" in found
    assert "Exports 10" not in found
    assert "No endpoint matches" in admin.get(LIST, {"search": "nothing"}).content.decode()


def test_the_list_takes_as_many_queries_for_many_as_for_one(
    admin, s3_endpoint, django_assert_max_num_queries
):
    for number in range(30):
        S3Endpoint.objects.create(
            account=s3_endpoint.account, name=f"E{number}", role_arn=ROLE_ARN, external_id=f"e{number}",
            bucket=BUCKET, region=REGION,
        )  # fmt: skip
    with django_assert_max_num_queries(10):
        admin.get(LIST)


# --- Django admin ------------------------------------------------------------------------------------


def test_our_operators_cannot_choose_or_change_an_external_id(client, s3_account, s3_endpoint):
    client.force_login(User.objects.create_superuser("operator@example.com"))
    values = {**VALUES, "account": s3_account.pk, "external_id": "denominator-mine"}
    client.post(reverse("admin:endpoints_s3endpoint_add"), {**values, "name": "By hand"})
    added = S3Endpoint.objects.get(name="By hand")
    assert added.external_id.startswith("denominator-") and added.external_id != "denominator-mine"

    other = Account.objects.create(name="Other", slug="other")
    before = s3_endpoint.external_id
    url = reverse("admin:endpoints_s3endpoint_change", args=[s3_endpoint.pk])
    assert client.post(url, {**values, "name": "Changed", "account": other.pk}).status_code == 302
    s3_endpoint.refresh_from_db()
    assert (s3_endpoint.name, s3_endpoint.external_id) == ("Changed", before)
    assert s3_endpoint.account == s3_account


def test_our_operators_are_held_to_awss_rules(client, s3_account):
    client.force_login(User.objects.create_superuser("operator@example.com"))
    values = {**VALUES, "account": s3_account.pk, "bucket": "s3://acme"}
    page = client.post(reverse("admin:endpoints_s3endpoint_add"), values)
    assert "put acme here" in page.content.decode()
    assert not S3Endpoint.objects.exists()
