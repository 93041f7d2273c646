from __future__ import annotations

import pytest

from accounts.models import Membership, User


@pytest.fixture
def in_both(account, other_account, join) -> User:
    user = join(account, "viewer", email="both@acme.example").user
    join(other_account, "admin", email=user.email)
    return user


def get_active(client) -> str:
    return client.get("/accounts/password/").context["account"].slug


def test_the_first_account_by_name_is_active_until_another_is_chosen(in_both, sign_in):
    client = sign_in(in_both)
    assert get_active(client) == "acme"

    answer = client.post("/accounts/switch/", {"account": "zeta"})

    assert answer.status_code == 302
    assert get_active(client) == "zeta"


def test_switching_needs_a_post(in_both, sign_in):
    assert sign_in(in_both).get("/accounts/switch/?account=zeta").status_code == 405


def test_an_account_one_does_not_belong_to_is_as_one_that_does_not_exist(
    account, other_account, join, sign_in
):
    client = sign_in(join(account, "admin").user)
    foreign = client.post("/accounts/switch/", {"account": "zeta"})
    missing = client.post("/accounts/switch/", {"account": "no-such"})

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert get_active(client) == "acme"


def test_who_has_left_the_account_that_they_were_in_is_in_none_until_they_choose(in_both, sign_in):
    client = sign_in(in_both)
    client.post("/accounts/switch/", {"account": "zeta"})
    Membership.objects.filter(account__slug="zeta").delete()

    answer = client.get("/settings/members/")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "<h1>You do not belong to Zeta any more</h1>" in page
    assert '<button class="btn" name="account" value="acme">Switch to Acme</button>' in page
    assert client.get("/accounts/password/").context["account"] is None

    assert client.post("/accounts/switch/", {"account": "acme"}).status_code == 302
    assert get_active(client) == "acme"


def test_who_has_left_their_only_account_reads_so(account, join, sign_in):
    client = sign_in(join(account, "viewer").user)
    Membership.objects.all().delete()
    page = client.get("/settings/members/").content.decode()

    assert "You do not belong to Acme any more" in page
    assert "You belong to no other account." in page


def test_a_part_of_a_page_of_an_account_that_was_left_loads_the_whole_page(in_both, sign_in):
    client = sign_in(in_both)
    Membership.objects.filter(account__slug="acme").delete()

    answer = client.get("/settings/telemetry/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"


def test_a_session_of_before_this_kept_the_slug_alone(in_both, sign_in):
    client = sign_in(in_both)
    session = client.session
    session["account"] = "zeta"
    session.save()

    assert get_active(client) == "zeta"


def test_the_page_offers_the_switch_to_those_who_have_a_choice(in_both, account, join, sign_in):
    one = sign_in(join(account, "viewer").user).get("/accounts/password/").content.decode()
    two = sign_in(in_both).get("/accounts/password/").content.decode()

    assert "Switch account" not in one
    assert '<button class="menu-item" name="account" value="acme" aria-current="true">Acme</button>' in two
    assert '<button class="menu-item" name="account" value="zeta">Zeta</button>' in two


def test_the_navigation_shows_what_the_role_opens(in_both, sign_in):
    client = sign_in(in_both)
    assert "/settings/members/" not in client.get("/accounts/password/").content.decode()

    client.post("/accounts/switch/", {"account": "zeta"})
    assert "/settings/members/" in client.get("/accounts/password/").content.decode()
