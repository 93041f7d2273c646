"""Two accounts, one role: the second one cannot read the first one's bucket through us, on any path."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import call_command, load_command_class
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, User
from accounts.services import create_account
from demo.standin import StandIn
from endpoints.models import S3Endpoint
from endpoints.services import create_endpoint, run_endpoint_test
from endpoints.storage import RoleDenied, open_bucket
from ingestion.models import Run
from ingestion.tasks import run_sync
from telemetry.models import Telemetry
from telemetry.models.drafts import TelemetryDraft
from telemetry.wizard.services import start_draft
from tests.pages.rows import make_member, make_telemetry
from tests.standin import BUCKET, REGION, ROLE_ARN
from tests.wizard.walk import text_of

SECRET_KEY = "salaries/2026.csv"
CONNECTION = {"role_arn": ROLE_ARN, "bucket": BUCKET, "region": REGION}


@pytest.fixture
def victim(s3_endpoint: S3Endpoint, standin: StandIn) -> S3Endpoint:
    """An endpoint that is in use: this process holds credentials for it."""
    standin.put_object(BUCKET, SECRET_KEY, "date,team,salary\n2026-05-01,a,1\n")
    assert [obj.key for page in open_bucket(s3_endpoint).list_pages("") for obj in page] == [SECRET_KEY]
    standin.app.seen.clear()
    return s3_endpoint


@pytest.fixture
def thief(victim: S3Endpoint) -> S3Endpoint:
    """Another account's endpoint that names the same role and bucket."""
    return create_endpoint(account=create_account(name="Thief"), name="Theirs", **CONNECTION)


@pytest.fixture
def client(thief: S3Endpoint) -> Client:
    client = Client()
    client.force_login(
        make_member(thief.account, "admin"), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def assert_nothing_was_read(standin: StandIn, *said: str) -> None:
    """AWS was asked for the role and refused; S3 was not even asked; no name of a file was said."""
    assert {seen.operation for seen in standin.app.seen} <= {"assume"}
    assert {seen.status for seen in standin.app.seen} <= {403}
    assert not any(SECRET_KEY in text for text in said)


class TestTheSecondAccount:
    def test_cannot_test_a_saved_endpoint(self, client, thief, standin):
        client.post(reverse("endpoints:test", args=[thief.public_id]))
        thief.refresh_from_db()

        assert thief.test_state == "failed"
        assert_nothing_was_read(standin, str(thief.test_checks))

    def test_cannot_test_before_adding(self, client, standin):
        page = client.get(reverse("endpoints:add"))
        sent = {**CONNECTION, "source": "s3", "access": "read_only", "action": "test"}
        sent["shown_external_id"] = page.context["external_id"]
        tested = client.post(reverse("endpoints:add"), sent)

        assert "cannot be assumed" in text_of(tested)
        assert_nothing_was_read(standin, text_of(tested))

    def test_cannot_test_by_command(self, thief, standin):
        out = io.StringIO()
        with pytest.raises(SystemExit):
            call_command("test_endpoint", "Theirs", account="thief", as_json=True, stdout=out)

        assert_nothing_was_read(standin, out.getvalue())

    def test_cannot_list_in_the_wizard(self, client, thief, standin):
        draft = self._draft(thief)
        url = reverse("telemetry:step", args=[draft.public_id, "source"])
        given = {"endpoint": str(thief.public_id), "prefix": "sal", "name": "x", "version": draft.version}
        answers = [
            client.post(url, given),
            client.post(url, {**given, "show": "1"}),
            client.get(url, given),
            client.get(url, given, headers={"HX-Request": "true"}),
        ]

        assert {answer.status_code for answer in answers} == {200}
        assert_nothing_was_read(standin, *map(text_of, answers))

    def test_cannot_preview_by_a_draft(self, client, thief, standin):
        draft = self._draft(thief, endpoint=thief)
        answer = client.get(reverse("telemetry:step", args=[draft.public_id, "preview"]))

        assert "cannot be assumed" in text_of(answer)
        assert_nothing_was_read(standin, text_of(answer))

    def test_cannot_preview_by_a_draft_that_names_the_first_ones_endpoint(
        self, client, thief, victim, standin
    ):
        draft = self._draft(thief, endpoint=victim)
        answer = client.get(reverse("telemetry:step", args=[draft.public_id, "preview"]), follow=True)

        assert answer.redirect_chain[-1][0].endswith("/source/")
        assert not standin.app.seen

    def test_cannot_sync(self, client, thief, standin):
        telemetry = make_telemetry(thief.account, "salary", endpoint=thief, prefix="salaries/")
        client.post(reverse("ingestion:sync", args=[telemetry.public_id]))
        run = Run.objects.get()
        run_sync(run_id=run.pk)
        run.refresh_from_db()

        assert run.state == "failed"
        assert telemetry.source_files.count() == 0
        assert_nothing_was_read(standin, run.message)

    def test_cannot_sync_by_command(self, thief, standin, capsys):
        make_telemetry(thief.account, "salary", endpoint=thief, prefix="salaries/")
        out, err = io.StringIO(), io.StringIO()
        with pytest.raises(SystemExit):
            call_command("sync_telemetry", "salary", account="thief", stdout=out, stderr=err)

        assert_nothing_was_read(standin, out.getvalue(), err.getvalue())

    def test_cannot_take_over_by_editing_its_own_endpoint(self, client, thief, standin):
        """An endpoint with a role of its own, and a session, becomes one that names the first one's role."""
        own = {**CONNECTION, "role_arn": "arn:aws:iam::210987654321:role/Own", "bucket": "own-bucket"}
        endpoint = create_endpoint(account=thief.account, name="Own", **own)
        standin.add_bucket("own-bucket", region=REGION)
        standin.add_role(endpoint.role_arn, external_id=endpoint.external_id, bucket="own-bucket")
        open_bucket(endpoint)
        standin.app.seen.clear()
        client.post(reverse("endpoints:edit", args=[endpoint.public_id]), {**CONNECTION, "name": "Own"})
        endpoint.refresh_from_db()

        assert endpoint.role_arn == ROLE_ARN
        with pytest.raises(RoleDenied):
            open_bucket(endpoint)
        assert_nothing_was_read(standin)

    def test_shares_no_credentials_even_for_the_same_bucket_in_one_process(self, victim, thief):
        with pytest.raises(RoleDenied):
            open_bucket(thief)
        open_bucket(victim)
        with pytest.raises(RoleDenied):
            open_bucket(thief)

    def _draft(self, thief: S3Endpoint, *, endpoint: S3Endpoint | None = None) -> TelemetryDraft:
        user = User.objects.get(memberships__account=thief.account)
        draft = start_draft(account=thief.account, user=user, now=timezone.now())
        if endpoint is not None:
            draft.answers = {
                "source": {"endpoint": str(endpoint.public_id), "prefix": "salaries/", "name": "x"}
            }
            draft.save()
        return draft


class TestTheExternalId:
    """Ours: random, one an endpoint, and nobody can choose or change it."""

    CHOSEN = "denominator-" + "a" * 40

    @pytest.fixture
    def admin(self, s3_account: Account) -> Client:
        client = Client()
        client.force_login(make_member(s3_account, "admin"))
        return client

    def test_no_form_of_the_product_or_of_admin_takes_it(self, admin, s3_endpoint):
        root = Client()
        root.force_login(User.objects.create_superuser("root@ours.example"))
        before = s3_endpoint.external_id
        sent = {
            **CONNECTION,
            "name": "Renamed",
            "account": s3_endpoint.account_id,
            "external_id": self.CHOSEN,
            "shown_external_id": self.CHOSEN,
        }
        detail = [s3_endpoint.public_id]
        admin.post(reverse("endpoints:edit", args=detail), sent)
        admin.post(reverse("endpoints:test", args=detail), sent)
        admin.post(reverse("endpoints:add"), {**sent, "source": "s3", "access": "read_only", "name": "New"})
        root.post(reverse("admin:endpoints_s3endpoint_change", args=[s3_endpoint.pk]), sent)
        root.post(reverse("admin:endpoints_s3endpoint_add"), {**sent, "name": "By admin"})

        s3_endpoint.refresh_from_db()
        assert (s3_endpoint.name, s3_endpoint.external_id) == ("Renamed", before)
        assert S3Endpoint.objects.filter(name="By admin").exists()
        for external_id in S3Endpoint.objects.values_list("external_id", flat=True):
            assert re.fullmatch(r"denominator-[0-9a-f]{40}", external_id)
            assert external_id != self.CHOSEN

    def test_no_command_takes_it(self):
        for name in ("add_endpoint", "test_endpoint"):
            command = load_command_class("endpoints", name)
            assert "external" not in command.create_parser("manage.py", name).format_usage().lower()

    def test_one_of_a_deleted_endpoint_never_comes_back(self, admin, s3_endpoint):
        used = {s3_endpoint.external_id}
        admin.post(reverse("endpoints:delete", args=[s3_endpoint.public_id]))
        for _ in range(3):
            shown = admin.get(reverse("endpoints:add")).context["external_id"]
            sent = {**CONNECTION, "source": "s3", "access": "read_only", "name": "Again", "action": "add"}
            admin.post(reverse("endpoints:add"), {**sent, "shown_external_id": shown})
            endpoint = S3Endpoint.objects.get()
            assert endpoint.external_id not in used
            used.add(endpoint.external_id)
            admin.post(reverse("endpoints:delete", args=[endpoint.public_id]))
        assert len(used) == 4


@pytest.mark.parametrize("careless", [{"requires_external_id": False}, {"any_external_id": True}])
def test_a_role_that_opens_without_the_right_external_id_is_unsafe_and_the_page_says_how_to_mend_it(
    careless, s3_endpoint, standin
):
    standin.add_role(s3_endpoint.role_arn, external_id=s3_endpoint.external_id, bucket=BUCKET, **careless)
    run_endpoint_test(endpoint=s3_endpoint, now=timezone.now())
    client = Client()
    client.force_login(make_member(s3_endpoint.account, "admin"))
    page = text_of(client.get(reverse("endpoints:detail", args=[s3_endpoint.public_id])))

    assert "Unsafe" in page
    assert "Replace the role's trust policy by the one shown for this endpoint" in page
    assert f'"sts:ExternalId": "{s3_endpoint.external_id}"' in page
    assert "Unsafe" in text_of(client.get(reverse("endpoints:list")))


def test_a_telemetry_cannot_read_through_another_accounts_endpoint(victim, thief):
    with pytest.raises(Exception, match="no such endpoint in this account"):
        make_telemetry(thief.account, "salary", endpoint=victim)
    assert not Telemetry.objects.exists()
