"""Edit tests before it saves, as Add does; the demo has a role for a second endpoint."""

from __future__ import annotations

import pytest
from django.urls import reverse

from audit.models import Entry
from demo.standin.roles import OUR_KEY, Refused, Roles, utc_now
from endpoints.connection import list_checks
from tests.endpoints.test_check_by_check import HTMX, checks_done, read_token
from tests.pages.rows import make_telemetry
from tests.standin import BUCKET, REGION, make_endpoint, trust

OTHER_ROLE = "arn:aws:iam::210987654321:role/Other"


@pytest.fixture
def values(s3_endpoint, standin) -> dict[str, str]:
    """A change to another role, which trusts the endpoint's external ID."""
    same_id = {"external_id": s3_endpoint.external_id, "role_arn": OTHER_ROLE}
    trust(standin, make_endpoint(s3_endpoint.account, **same_id))
    standin.put_object(BUCKET, "a.csv", "date,bytes\n")
    return {"name": "Exports", "role_arn": OTHER_ROLE, "bucket": BUCKET, "region": REGION}


def edit(admin, endpoint, values, **more):
    return admin.post(reverse("endpoints:edit", args=[endpoint.public_id]), {**values, **more})


def test_a_change_is_tested_before_it_is_saved_and_its_result_kept(admin, s3_endpoint, values):
    page = edit(admin, s3_endpoint, values, action="test", name="").content.decode()
    assert "The connection works" in page
    assert f'value="{OTHER_ROLE}"' in page
    s3_endpoint.refresh_from_db()
    assert (s3_endpoint.role_arn != OTHER_ROLE, s3_endpoint.test_state) == (True, "untested")
    assert Entry.objects.filter(action="endpoint.tested").count() == 1
    edit(admin, s3_endpoint, values, action="save")
    s3_endpoint.refresh_from_db()
    assert (s3_endpoint.role_arn, s3_endpoint.test_state) == (OTHER_ROLE, "passed")
    assert [check["name"] for check in s3_endpoint.test_checks] == list_checks()


def test_with_htmx_a_check_a_request(admin, s3_endpoint, values):
    url = reverse("endpoints:edit", args=[s3_endpoint.public_id])
    page = admin.post(url, {**values, "action": "test"}, headers=HTMX).content.decode()
    token, next_url = read_token(page), reverse("endpoints:edit_check", args=[s3_endpoint.public_id])
    for done in range(1, len(list_checks()) + 1):
        page = admin.post(next_url, {"token": token}, headers=HTMX).content.decode()
        assert checks_done(page) == done
    assert "The connection works" in page
    edit(admin, s3_endpoint, values)
    s3_endpoint.refresh_from_db()
    assert s3_endpoint.test_state == "passed"


def test_what_fails_is_shown_and_can_be_saved_all_the_same(admin, s3_endpoint, values):
    page = edit(admin, s3_endpoint, values, action="test", region="us-east-1").content.decode()
    assert "The connection does not work yet" in page
    assert "You can save the changes anyway" in page
    edit(admin, s3_endpoint, values, region="us-east-1")
    s3_endpoint.refresh_from_db()
    assert s3_endpoint.test_state == "failed"


def test_a_test_of_other_values_than_those_saved_is_not_kept(admin, s3_endpoint, values):
    edit(admin, s3_endpoint, values, action="test", region="us-east-1")
    answer = admin.get(edit(admin, s3_endpoint, values).url).content.decode()
    s3_endpoint.refresh_from_db()
    assert s3_endpoint.test_state == "untested"
    assert "Exports was saved." in answer


def test_a_place_that_cannot_be_saved_is_not_tested(admin, s3_endpoint, values, standin):
    make_telemetry(s3_endpoint.account, endpoint=s3_endpoint)
    before = standin.count("assume")
    page = edit(admin, s3_endpoint, values, action="test", path_prefix="elsewhere").content.decode()
    assert "files of two places would count together" in page
    assert standin.count("assume") == before


class TestTheDemosRoles:
    """A role that the stand-in was not told of."""

    @staticmethod
    def assume(roles: Roles, external_id: str | None, *, arn: str = OTHER_ROLE):
        request = {"RoleArn": arn, "RoleSessionName": "denominator-test"}
        if external_id is not None:
            request["ExternalId"] = external_id
        return roles.assume(caller=OUR_KEY, request=request, now=utc_now())

    def test_trusts_the_first_external_id_alone(self):
        roles = Roles()
        roles.learns_for = BUCKET
        with pytest.raises(Refused):
            self.assume(roles, None)
        assert self.assume(roles, "denominator-one").role.bucket == BUCKET
        for wrong in (None, "denominator-two"):
            with pytest.raises(Refused):
                self.assume(roles, wrong)

    def test_is_unknown_where_nothing_is_learned(self):
        with pytest.raises(Refused):
            self.assume(Roles(), "denominator-one")
