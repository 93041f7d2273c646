"""The pages under Settings > Endpoints: who may do what, what they show, and all of it without a script."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Account, User
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
    """There, a post without a button saves."""
    page = admin.get(reverse("endpoints:edit", args=[s3_endpoint.public_id])).content.decode()
    assert 'hx-trigger="input' not in page
    assert page.count("hx-post") == 1  # Test Endpoint


def test_the_place_of_an_endpoint_in_use_stays(admin, s3_endpoint):
    add_telemetry(s3_endpoint)
    url = reverse("endpoints:edit", args=[s3_endpoint.public_id])
    page = admin.get(url).content.decode()
    assert "1 telemetry reads from this endpoint" in page
    assert "Bucket Name and S3 Path Prefix stay as they are meanwhile" in page

    refused = admin.post(url, {**VALUES, "bucket": "another-bucket", "path_prefix": "exports"})
    page = refused.content.decode()
    assert page.count("files of two places would count together: Bytes.") == 4  # at both fields, and above
    s3_endpoint.refresh_from_db()
    assert (s3_endpoint.bucket, s3_endpoint.path_prefix) == (BUCKET, "")

    kept = {**VALUES, "name": "Renamed", "path_prefix": ""}
    assert admin.post(url, kept).status_code == 302


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


def test_awss_rules_apply_to_operators_too(client, s3_account):
    client.force_login(User.objects.create_superuser("operator@example.com"))
    values = {**VALUES, "account": s3_account.pk, "bucket": "s3://acme"}
    page = client.post(reverse("admin:endpoints_s3endpoint_add"), values)
    assert "put acme here" in page.content.decode()
    assert not S3Endpoint.objects.exists()
