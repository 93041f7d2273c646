"""On AWS: no role of our own account, no role that opens without our external ID, no host but S3's."""

from __future__ import annotations

import os

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from endpoints import hosts, storage
from endpoints.error_types import OwnRole, UnknownRegion, UnsafeRole
from endpoints.models import S3Endpoint
from endpoints.services import create_endpoint, run_endpoint_test, update_endpoint
from ingestion.models import Run
from telemetry.wizard.services import start_draft
from tests.pages.rows import make_member, make_telemetry
from tests.standin import BUCKET, REGION, ROLE_ARN, make_endpoint, trust
from tests.wizard.walk import text_of

OURS = "999999999999"
CONNECTION = {"bucket": BUCKET, "region": REGION}
CARELESS = [{"requires_external_id": False}, {"any_external_id": True}]


@pytest.fixture
def aws(standin, monkeypatch):
    """The stand-in is taken for AWS itself."""
    monkeypatch.setattr(storage, "is_aws", lambda: True)
    standin.put_object(BUCKET, "usage/a.csv", "date,calls\n2026-05-01,1\n")
    return standin


@pytest.fixture
def ours(settings):
    settings.AWS_ACCOUNT_ID = OURS
    return settings


OWN_ARNS = [
    f"arn:aws:iam::{OURS}:role/Backup",
    f"arn:aws:iam::{OURS}:role/service-role/x/Backup",
    f"arn:aws-cn:iam::{OURS}:role/Backup",
    f"  arn:aws:iam::{OURS}:role/Backup\n",
]


class TestARoleOfOurOwnAccount:
    @pytest.mark.parametrize("arn", OWN_ARNS)
    def test_is_refused_by_the_service(self, s3_account, ours, arn):
        with pytest.raises(ValidationError, match="belongs to Denominator's own AWS account") as refused:
            create_endpoint(account=s3_account, name="Ours", role_arn=arn, **CONNECTION)
        assert "role_arn" in refused.value.message_dict

    def test_is_refused_by_an_edit(self, s3_endpoint, ours):
        with pytest.raises(ValidationError, match="own AWS account"):
            update_endpoint(endpoint=s3_endpoint, name="Ours", role_arn=OWN_ARNS[0], **CONNECTION)
        s3_endpoint.refresh_from_db()
        assert s3_endpoint.role_arn == ROLE_ARN

    def test_is_refused_at_the_field_of_the_page(self, s3_account, ours):
        client = Client()
        client.force_login(make_member(s3_account, "admin"))
        page = client.get(reverse("endpoints:add"))
        sent = {**CONNECTION, "source": "s3", "access": "read_only", "name": "Ours", "role_arn": OWN_ARNS[0]}
        for action in ("add", "test"):
            answer = client.post(
                reverse("endpoints:add"),
                {**sent, "action": action, "shown_external_id": page.context["external_id"]},
            )
            assert "own AWS account" in answer.context["form"].errors["role_arn"][0]
        assert not S3Endpoint.objects.exists()

    def test_is_refused_by_the_model_and_django_admin(self, s3_endpoint, ours):
        s3_endpoint.role_arn = OWN_ARNS[0]
        with pytest.raises(ValidationError, match="own AWS account"):
            s3_endpoint.full_clean()
        root = Client()
        root.force_login(User.objects.create_superuser("root@ours.example"))
        sent = {**CONNECTION, "account": s3_endpoint.account_id, "name": "Ours", "role_arn": OWN_ARNS[0]}
        answer = root.post(reverse("admin:endpoints_s3endpoint_add"), sent)
        assert "own AWS account" in str(answer.context["adminform"].form.errors["role_arn"])

    def test_is_refused_by_the_command(self, s3_account, ours):
        connection = {**CONNECTION, "role_arn": OWN_ARNS[0]}
        with pytest.raises(CommandError, match=r"--role-arn: .* own AWS account"):
            call_command("add_endpoint", account=s3_account.slug, name="Ours", **connection)

    def test_is_never_assumed_however_it_was_stored(self, s3_endpoint, standin, ours):
        own = OWN_ARNS[0]
        S3Endpoint.objects.filter(pk=s3_endpoint.pk).update(role_arn=own)
        s3_endpoint.refresh_from_db()
        trust(standin, s3_endpoint)
        for attempt in (
            lambda: storage.open_bucket(s3_endpoint),
            lambda: storage.open_bucket(s3_endpoint, testing=True),
            lambda: storage.try_to_assume(s3_endpoint, external_id=None),
        ):
            with pytest.raises(OwnRole, match="OWN_ROLES_ALLOWED"):
                attempt()
        assert standin.count("assume") == 0

    def test_is_taken_where_a_setting_names_it_and_no_other(self, s3_account, standin, ours):
        ours.OWN_ROLES_ALLOWED = [f"arn:aws:iam::{OURS}:role/Exports"]
        fields = {"account": s3_account, **CONNECTION}
        endpoint = create_endpoint(name="Ours", role_arn=ours.OWN_ROLES_ALLOWED[0], **fields)
        trust(standin, endpoint)
        storage.open_bucket(endpoint)
        with pytest.raises(ValidationError, match="own AWS account"):
            create_endpoint(name="Another", role_arn=ours.OWN_ROLES_ALLOWED[0] + "2", **fields)


@pytest.mark.parametrize("careless", CARELESS)
class TestAnUnsafeRoleOnAws:
    def test_is_not_read_through_though_nobody_has_tested_it(self, s3_endpoint, aws, careless):
        trust(aws, s3_endpoint, **careless)
        with pytest.raises(UnsafeRole, match="click Test Endpoint"):
            storage.open_bucket(s3_endpoint)
        assert aws.count("list") == 0

    def test_is_not_read_through_though_its_test_had_passed(self, s3_endpoint, aws, careless):
        run_endpoint_test(endpoint=s3_endpoint, now=timezone.now())
        assert s3_endpoint.test_state == "passed"
        trust(aws, s3_endpoint, **careless)
        with pytest.raises(UnsafeRole):
            storage.open_bucket(s3_endpoint)

    def test_a_long_run_asks_again_with_each_session(self, s3_endpoint, aws, careless):
        bucket = storage.open_bucket(s3_endpoint)
        assert [obj.key for page in bucket.list_pages("") for obj in page] == ["usage/a.csv"]
        trust(aws, s3_endpoint, **careless)
        storage.clear_sessions()
        with pytest.raises(UnsafeRole):
            list(bucket.list_pages(""))

    def test_is_tested_all_the_same_and_reads_again_once_the_test_has_passed(
        self, s3_endpoint, aws, careless
    ):
        trust(aws, s3_endpoint, **careless)
        run_endpoint_test(endpoint=s3_endpoint, now=timezone.now())
        assert s3_endpoint.test_state == "unsafe"
        trust(aws, s3_endpoint)
        with pytest.raises(UnsafeRole):  # until its test passes
            storage.open_bucket(s3_endpoint)
        run_endpoint_test(endpoint=s3_endpoint, now=timezone.now())
        storage.open_bucket(s3_endpoint)

    def test_neither_lists_nor_previews_nor_syncs(self, s3_endpoint, aws, careless):
        trust(aws, s3_endpoint, **careless)
        member = make_member(s3_endpoint.account, "admin")
        client = Client()
        client.force_login(member)
        draft = start_draft(account=s3_endpoint.account, user=member, now=timezone.now())
        draft.answers = {
            "source": {"endpoint": str(s3_endpoint.public_id), "prefix": "usage/", "name": "Calls"}
        }
        draft.save()
        preview = text_of(client.get(reverse("telemetry:step", args=[draft.public_id, "preview"])))
        source = reverse("telemetry:step", args=[draft.public_id, "source"])
        listed = text_of(client.get(source, draft.answers["source"], headers={"HX-Request": "true"}))
        telemetry = make_telemetry(s3_endpoint.account, "calls", endpoint=s3_endpoint, prefix="usage/")
        with pytest.raises(SystemExit):
            call_command("sync_telemetry", "calls", account=s3_endpoint.account.slug)

        run = Run.objects.get()
        assert (run.state, telemetry.source_files.count()) == ("failed", 0)
        for told in (preview, listed, run.message):
            assert "can be assumed without this endpoint's External ID" in told.replace("&#x27;", "'")
            assert "a.csv" not in told
        assert {seen.operation for seen in aws.app.seen} == {"assume"}

    def test_is_read_through_where_a_setting_names_the_external_id(
        self, s3_endpoint, aws, careless, settings
    ):
        trust(aws, s3_endpoint, **careless)
        run_endpoint_test(endpoint=s3_endpoint, now=timezone.now())
        settings.UNSAFE_ENDPOINTS_ALLOWED = [s3_endpoint.external_id]
        storage.open_bucket(s3_endpoint)
        thief = make_endpoint(s3_endpoint.account, name="Another")
        with pytest.raises(UnsafeRole):
            storage.open_bucket(thief)

    def test_of_an_operators_own_store_is_a_warning(self, s3_endpoint, standin, careless):
        trust(standin, s3_endpoint, **careless)
        run_endpoint_test(endpoint=s3_endpoint, now=timezone.now())
        assert s3_endpoint.test_state == "unsafe"
        storage.open_bucket(s3_endpoint)


def test_trust_that_cannot_be_told_is_not_taken_for_safe(s3_endpoint, aws):
    aws.after("assume", lambda: aws.fail("assume", "server_error"))
    with pytest.raises(storage.ServerError):
        storage.open_bucket(s3_endpoint)


def test_a_role_set_up_as_told_costs_two_questions_a_session(s3_endpoint, aws):
    for _ in range(3):
        list(storage.open_bucket(s3_endpoint).list_pages(""))
    assert aws.count("assume") == 3


class TestHosts:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com",
            "https://S3.EU-WEST-1.AMAZONAWS.COM:443/",
            "https://s3.cn-north-1.amazonaws.com.cn",
        ],
    )
    def test_aws_is_aws_by_whatever_address(self, url, monkeypatch):
        monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert storage.is_aws()

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:9000", "https://s3.example.com", "https://amazonaws.com.evil.example"]
    )
    def test_another_store_is_not(self, url, monkeypatch):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert not storage.is_aws()

    def test_a_region_that_was_stored_before_is_not_asked_on_aws(self, s3_endpoint, aws):
        s3_endpoint.region = "us-evil-1"
        with pytest.raises(UnknownRegion, match="AWS has no region us-evil-1"):
            storage.open_bucket(s3_endpoint)
        assert aws.count("assume") == 0

    @pytest.mark.parametrize(
        ("host", "region", "may"),
        [
            ("s3.eu-west-1.amazonaws.com", "eu-west-1", True),
            ("localhost.s3.eu-west-1.amazonaws.com", "eu-west-1", True),
            ("metadata.google.internal.s3.eu-west-1.amazonaws.com", "eu-west-1", True),
            ("acme.s3.dualstack.eu-west-1.amazonaws.com", "eu-west-1", True),
            ("acme.s3-fips.us-east-1.amazonaws.com", "us-east-1", True),
            ("acme.s3.amazonaws.com", "us-east-1", True),
            ("127.0.0.1", "eu-west-1", True),  # the client's own, as the operator has set it up
            ("acme.127.0.0.1", "eu-west-1", False),
            ("localhost", "eu-west-1", False),
            ("metadata.google.internal", "eu-west-1", False),
            ("acme.s3.amazonaws.com", "eu-west-1", False),
            ("acme.s3.us-east-1.amazonaws.com", "eu-west-1", False),
            ("evil-123456789012.s3-accesspoint.eu-west-1.amazonaws.com", "eu-west-1", False),
            ("acme--x-s3.s3express-use1-az4.eu-west-1.amazonaws.com", "eu-west-1", False),
            ("s3.eu-west-1.amazonaws.com.evil.example", "eu-west-1", False),
            ("evils3.eu-west-1.amazonaws.com", "eu-west-1", False),
        ],
    )
    def test_which_may_be_asked(self, host, region, may):
        assert (
            hosts.is_allowed_host(host, set_up="127.0.0.1", region=region, dns_suffix="amazonaws.com") is may
        )

    @pytest.mark.parametrize(
        "bucket",
        ["arn:aws:s3:us-east-1:123456789012:accesspoint/evil", "acme--use1-az4--x-s3"],
    )
    def test_a_name_that_makes_a_host_of_its_own_is_refused_before_it_is_asked(
        self, s3_endpoint, standin, bucket, monkeypatch
    ):
        """Stored as no form would take it, and the SDK set up for AWS itself."""
        s3_endpoint.bucket = bucket
        standin.add_role(ROLE_ARN, external_id=s3_endpoint.external_id, bucket=BUCKET)
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", os.environ["AWS_ENDPOINT_URL"])
        monkeypatch.delenv("AWS_ENDPOINT_URL")
        opened = storage.open_bucket(s3_endpoint, testing=True)
        with pytest.raises(storage.StorageError, match="not one of S3's in eu-west-1"):
            list(opened.list_pages(""))


@pytest.mark.django_db(transaction=True)
def test_the_place_stays_for_a_telemetry_that_is_created_meanwhile(s3_endpoint):
    """Both see the endpoint's row; whoever comes second sees what the first one did."""
    telemetry = make_telemetry(s3_endpoint.account, "calls", endpoint=s3_endpoint)
    fields = {"name": s3_endpoint.name, "role_arn": ROLE_ARN, **CONNECTION}
    with pytest.raises(ValidationError) as refused:
        update_endpoint(endpoint=s3_endpoint, **{**fields, "bucket": "another-bucket"})
    assert list(refused.value.message_dict) == ["bucket"]
    assert telemetry.name in refused.value.message_dict["bucket"][0]
    s3_endpoint.refresh_from_db()
    assert s3_endpoint.bucket == BUCKET
    telemetry.delete()
    update_endpoint(endpoint=s3_endpoint, **{**fields, "bucket": "another-bucket"})


def test_django_admin_keeps_the_place_too(s3_endpoint):
    make_telemetry(s3_endpoint.account, "calls", endpoint=s3_endpoint)
    root = Client()
    root.force_login(User.objects.create_superuser("root@ours.example"))
    url = reverse("admin:endpoints_s3endpoint_change", args=[s3_endpoint.pk])
    sent = {**CONNECTION, "name": "Renamed", "role_arn": ROLE_ARN, "path_prefix": "elsewhere"}
    answer = root.post(url, sent)
    assert "files of two places would count together" in str(answer.context["adminform"].form.errors)
    assert root.post(url, {**sent, "path_prefix": s3_endpoint.path_prefix}).status_code == 302
    s3_endpoint.refresh_from_db()
    assert (s3_endpoint.name, s3_endpoint.path_prefix) == ("Renamed", "")
