"""Single sign-on by OpenID Connect, against a provider of its own on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.invitations import invite
from accounts.models import Identity, Invitation, Membership, User
from accounts.services import add_member
from audit.models import Entry
from tests.accounts.provider import CLIENT_ID, CLIENT_SECRET, OTHER_KEY, Provider
from tests.accounts.test_second_factor import set_up

START, BACK = "/accounts/sso/", "/accounts/sso/callback/"
ADA = {"sub": "ada-1", "email": "ada@acme.example", "email_verified": True, "name": "Ada"}
NO_SIGN_IN = "has no sign-in here"
NOT_CONFIRMED = "The provider did not confirm who you are"


@pytest.fixture
def provider(settings) -> Iterator[Provider]:
    cache.clear()
    running = Provider(person=dict(ADA)).start()
    settings.OIDC_SERVER_URL = running.url
    settings.OIDC_NAME = "Acme Login"
    app = {"provider_id": "oidc", "name": "Acme Login", "client_id": CLIENT_ID, "secret": CLIENT_SECRET}
    app["settings"] = {"server_url": running.url}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    yield running
    running.stop()


@pytest.fixture
def user(account) -> User:
    return add_member(account=account, email="Ada@acme.example", role="admin", password="correct horse")[
        0
    ].user


def sign_in(provider: Provider, client: Client | None = None, query: str = ""):
    """From the link on the sign-in page, to the provider, and back."""
    client = client or Client()
    sent = client.get(START + query)
    assert sent.status_code == 302, sent.content.decode()
    return client.get(BACK, provider.authorize(sent.url))


def is_in(answer) -> bool:
    return answer.client.get("/accounts/password/").status_code == 200


def test_a_member_signs_in_and_goes_on_to_where_they_wanted(user, provider):
    answer = sign_in(provider, query="?next=/settings/members/")

    assert answer.url == "/settings/members/"
    assert is_in(answer)
    assert Entry.objects.filter(action="person.signed_in_by_single_sign_on", actor=str(user)).count() == 1


def test_the_sign_in_page_offers_it_where_it_is_set(db, provider, settings):
    assert '<a class="btn w-100 mt-3" href="/accounts/sso/">Sign in with Acme Login</a>' in (
        Client().get("/accounts/login/").content.decode()
    )
    settings.OIDC_SERVER_URL = ""

    assert START not in Client().get("/accounts/login/").content.decode()
    assert Client().get(START).status_code == Client().get(BACK).status_code == 404


def test_query_parameters_of_the_link_are_ignored(user, provider):
    sent = Client().get(f"{START}?auth_params=prompt%3Dnone&scope=admin&process=connect&next=//evil.example/")
    asked = provider.authorize(sent.url) and provider.asked[0]

    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert "prompt" not in asked
    assert asked["redirect_uri"] == "http://testserver/accounts/sso/callback/"
    assert len(asked["nonce"]) == 64
    assert sign_in(provider, query="?next=//evil.example/").url == "/settings/telemetry/"


class TestWhoMaySignIn:
    def refused(self, provider: Provider, text: str) -> None:
        answer = sign_in(provider)
        assert answer.status_code in (401, 403)
        assert text in answer.content.decode()
        assert not is_in(answer)
        assert not Identity.objects.exists()

    def test_nobody_who_is_not_a_member(self, db, provider):
        self.refused(provider, NO_SIGN_IN)
        assert not User.objects.exists()

    def test_nobody_who_was_deactivated_in_the_same_words(self, user, provider):
        User.objects.update(is_active=False)

        self.refused(provider, NO_SIGN_IN)

    @pytest.mark.parametrize("verified", [False, None, "false", 0])
    def test_nobody_by_an_address_that_is_not_verified(self, user, provider, verified):
        provider.person["email_verified"] = verified

        self.refused(provider, "does not")

    @pytest.mark.parametrize(
        "odd", ["groß@acme.example", "gro\u017f\u017f@acme.example", "gross@acme..example"]
    )
    def test_nobody_by_an_address_that_could_be_taken_for_a_members(self, account, provider, settings, odd):
        settings.OIDC_SIGN_UP_ACCOUNT = account.slug
        add_member(account=account, email="gross@acme.example", role="admin")
        provider.person["email"] = odd

        self.refused(provider, "could be mistaken for another address")

    @pytest.mark.parametrize("allowed", ["Bücher.example", "xn--bcher-kva.example", "BÜCHER。example"])
    def test_a_domain_is_the_same_however_it_is_written(self, account, provider, settings, allowed):
        settings.OIDC_EMAIL_DOMAINS = [allowed]
        add_member(account=account, email="ada@bücher.example", role="admin")
        provider.person["email"] = "Ada@XN--BCHER-KVA.example"

        assert is_in(sign_in(provider))

    def test_nobody_of_a_domain_that_the_provider_does_not_speak_for(self, user, provider, settings):
        settings.OIDC_EMAIL_DOMAINS = ["zeta.example"]

        self.refused(provider, "is not in a domain")

    def test_nobody_any_more_whose_domain_was_taken_from_it(self, user, provider, settings):
        assert is_in(sign_in(provider))
        settings.OIDC_EMAIL_DOMAINS = ["zeta.example"]

        assert not is_in(sign_in(provider))

    def test_strangers_where_the_settings_say_so_as_viewers(self, account, provider, settings):
        settings.OIDC_SIGN_UP_ACCOUNT = "acme"

        assert is_in(sign_in(provider))
        member = Membership.objects.get()
        assert (member.role, member.name, member.user.has_usable_password()) == ("viewer", "Ada", False)


class TestWhoIsInvited:
    @pytest.fixture
    def asked(self, account, other_account, join) -> Invitation:
        admin = join(other_account, "admin").user
        sent = invite(
            account=other_account, email=ADA["email"], role="viewer", invited_by=admin, now=timezone.now()
        )
        return sent.invitation

    def test_signs_in_and_answers_although_nobody_knew_them(self, asked, provider):
        client = sign_in(provider).client
        person = User.objects.get(email=ADA["email"])
        assert person.address_verified_at
        assert not person.memberships.exists()

        client.post(f"/accounts/invitations/{asked.public_id}/", {"answer": "accept"})
        assert Membership.objects.get(user=person).account == asked.account

    def test_nobody_else_does(self, asked, provider):
        Invitation.objects.update(email="somebody@else.example")

        assert sign_in(provider).status_code == 403

    def test_ends_what_somebody_set_before_them(self, asked, provider, join, account):
        """The provider has verified the address; whoever gave it first had shown nothing."""
        squatted = join(account, "admin", email=ADA["email"]).user
        squatted.set_password("chosen by somebody")
        squatted.save()
        set_up(squatted)
        thief = Client()
        thief.force_login(squatted, backend="django.contrib.auth.backends.ModelBackend")
        answer = sign_in(provider)

        squatted.refresh_from_db()
        assert is_in(answer)
        assert thief.get("/accounts/password/").status_code == 302
        assert not squatted.has_usable_password()
        assert squatted.address_verified_at


class TestIdentities:
    def test_the_person_stays_who_they_are_when_their_address_changes_there(self, user, provider):
        sign_in(provider)
        provider.person["email"] = "ada.married@acme.example"

        answer = sign_in(provider)
        assert is_in(answer)
        assert answer.client.get("/accounts/password/").context["user"] == user

    def test_whoever_is_given_their_old_address_does_not_become_them(self, user, provider):
        sign_in(provider)
        provider.person["sub"] = "somebody-new"
        answer = sign_in(provider)

        assert answer.status_code == 403
        assert "belongs to another person at the provider" in answer.content.decode()
        assert not is_in(answer)

    def test_the_same_subject_of_another_issuer_is_another_person(self, user, provider):
        Identity.objects.create(
            user=User.objects.create_user("x@x.example"), issuer="https://old", subject="ada-1"
        )
        answer = sign_in(provider)

        assert answer.client.get("/accounts/password/").context["user"] == user

    def test_nothing_is_kept_but_the_subject(self, user, provider):
        provider.person["picture"] = "https://x/secret-picture"
        sign_in(provider)

        identity = Identity.objects.get()
        assert (identity.user, identity.issuer, identity.subject) == (user, provider.url, "ada-1")
        assert not SocialAccount.objects.exists()
        assert not SocialToken.objects.exists()

    def test_a_second_factor_is_asked_for_all_the_same(self, user, provider):
        set_up(user)
        answer = sign_in(provider)

        assert answer.url == "/accounts/login/code/"
        assert not is_in(answer)


class TestWhatIsNotTrusted:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"nonce": "of another sign-in"},
            {"nonce": None},
            {"aud": "another client"},
            {"iss": "https://evil.example"},
            {"exp": 1},
            {"exp": None},
            {"sub": None},
        ],
        ids=str,
    )
    def test_an_id_token_that_is_not_of_this_sign_in(self, user, provider, wrong):
        provider.wrong = wrong
        answer = sign_in(provider)

        assert answer.status_code == 401
        assert NOT_CONFIRMED in answer.content.decode()
        assert not is_in(answer)

    @pytest.mark.parametrize(
        ("key", "algorithm"),
        [(OTHER_KEY, "RS256"), ("a secret of the provider's that is long", "HS256"), ("", "none")],
    )
    def test_a_signature_that_is_not_the_providers(self, user, provider, key, algorithm):
        provider.key, provider.algorithm = key, algorithm

        assert not is_in(sign_in(provider))

    def test_a_state_of_another_browser(self, user, provider):
        sent = Client().get(START)
        answer = Client().get(BACK, provider.authorize(sent.url))

        assert answer.status_code == 401
        assert not is_in(answer)

    def test_the_same_answer_twice(self, user, provider):
        client = Client()
        back = provider.authorize(client.get(START).url)
        client.get(BACK, back)
        client.post("/accounts/logout/")

        assert client.get(BACK, back).status_code == 401

    def test_a_code_that_somebody_else_was_given(self, user, provider):
        """PKCE: the code is of no use without the verifier that this session holds."""
        theirs = provider.authorize(Client().get(START).url)
        client = Client()
        ours = provider.authorize(client.get(START).url)
        answer = client.get(BACK, ours | {"code": theirs["code"]})

        assert answer.status_code == 401
        assert not is_in(answer)

    def test_user_info_of_somebody_else(self, user, provider):
        provider.person = {"sub": "mallory-1"}
        provider.userinfo = ADA

        assert not is_in(sign_in(provider))

    def test_user_info_of_the_same_person_is(self, user, provider):
        provider.person = {"sub": ADA["sub"]}
        provider.userinfo = ADA

        assert is_in(sign_in(provider))

    def test_an_issuer_that_is_not_the_one_configured(self, user, provider):
        provider.config = {"issuer": "https://evil.example"}

        assert "does not answer as it should" in Client().get(START).content.decode()

    @pytest.mark.parametrize("error", ["access_denied", "server_error", "<script>alert(1)</script>"])
    def test_a_refusal_is_a_page_that_says_so(self, user, provider, error):
        client = Client()
        state = provider.authorize(client.get(START).url)["state"]
        answer = client.get(BACK, {"error": error, "state": state})

        assert answer.status_code == 401
        assert "<script>alert" not in answer.content.decode()


def test_a_provider_that_is_down_is_a_page_that_says_so(user, provider):
    client = Client()
    back = provider.authorize(client.get(START).url)
    provider.is_down = True

    for answer in (client.get(START), client.get(BACK, back)):
        assert answer.status_code == 401
        assert "does not answer as it should" in answer.content.decode()


@pytest.mark.parametrize(
    "name",
    ["account_signup", "account_login", "account_email", "account_reset_password", "socialaccount_signup",
     "socialaccount_connections", "openid_connect_login", "openid_connect_callback"],
)  # fmt: skip
def test_pages_of_the_library_are_not_served(name):
    with pytest.raises(NoReverseMatch):
        reverse(name, args=["oidc"] if name.startswith("openid") else [])
