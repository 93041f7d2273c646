"""The decorators above the views: sign-in, account, permission, beta."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Account, User

pytestmark = [pytest.mark.urls("tests.accounts.guarded_urls"), pytest.mark.django_db]

OPEN = {
    "view-telemetry": {"viewer", "manager", "admin"},
    "view-endpoints": {"viewer", "manager", "admin"},
    "manage-telemetry": {"manager", "admin"},
    "manage-endpoints": {"admin"},
    "manage-members": {"admin"},
}


@pytest.mark.parametrize("role", ["viewer", "manager", "admin"])
@pytest.mark.parametrize("name", OPEN)
def test_a_view_opens_to_the_roles_that_hold_its_permission(name, role, account, join, sign_in):
    answer = sign_in(join(account, role).user).get(f"/guarded/{name}/")

    assert answer.status_code == (200 if role in OPEN[name] else 403)


def test_someone_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back(account):
    answer = Client().get("/guarded/view-telemetry/?page=2")

    assert answer.status_code == 302
    assert answer.url == "/accounts/login/?next=/guarded/view-telemetry/%3Fpage%3D2"


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in_and_back(account):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/settings/telemetry/?page=2"}
    answer = Client().get("/guarded/view-telemetry/", headers=headers)

    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=/settings/telemetry/%3Fpage%3D2"


def test_someone_without_an_account_reads_what_to_do(sign_in):
    user = User.objects.create(email="new@acme.example")
    answer = sign_in(user).get("/guarded/view-telemetry/")

    assert answer.status_code == 403
    page = answer.content.decode()
    assert "You do not belong to an account yet" in page
    assert "invite new@acme.example under Settings &gt; Members" in page


def test_a_member_without_the_permission_reads_whom_to_ask(account, join, sign_in):
    page = sign_in(join(account, "viewer").user).get("/guarded/manage-members/").content.decode()

    assert "Your role in Acme does not allow it" in page
    assert "Ask an admin of the account" in page


def test_a_refusal_inside_a_page_is_a_part_and_no_page(account, join, sign_in):
    client = sign_in(join(account, "viewer").user)
    page = client.get("/guarded/manage-members/", headers={"HX-Request": "true"}).content.decode()

    assert 'role="alert"' in page
    assert "<html" not in page


@pytest.mark.parametrize("path", ["/gated/", "/gated-first/"])
class TestTheBeta:
    @pytest.fixture(autouse=True)
    def without_the_beta(self, account, settings):
        settings.SUPPORT_CONTACT = "support@denominator.example"
        Account.objects.update(s3_csv_telemetry=False)

    def test_reading_says_that_it_is_not_enabled_and_how_to_ask(self, path, account, join, sign_in):
        answer = sign_in(join(account, "admin").user).get(path)

        assert answer.status_code == 200
        page = answer.content.decode()
        assert "<h1>S3 CSV telemetry is not enabled for Acme</h1>" in page
        assert "contact support@denominator.example" in page

    def test_writing_is_refused_with_the_same_advice(self, path, account, join, sign_in):
        answer = sign_in(join(account, "admin").user).post(path)

        assert answer.status_code == 403
        assert "contact support@denominator.example" in answer.content.decode()

    def test_a_part_of_a_page_makes_the_whole_page_say_it(self, path, account, join, sign_in):
        answer = sign_in(join(account, "admin").user).get(path, headers={"HX-Request": "true"})

        assert answer.headers["HX-Refresh"] == "true"

    def test_an_account_that_has_it_goes_through(self, path, account, join, sign_in):
        Account.objects.update(s3_csv_telemetry=True)

        assert sign_in(join(account, "viewer").user).get(path).content == b"open to Acme"

    def test_someone_who_is_not_signed_in_learns_nothing_of_it(self, path):
        assert Client().get(path).status_code == 302
