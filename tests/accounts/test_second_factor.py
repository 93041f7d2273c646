"""A code from an app besides the password."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import second_factor
from accounts.encryption import CannotDecrypt, decrypt, encrypt
from accounts.models import Account, RecoveryCode, SecondFactor, User
from accounts.services import add_member
from audit.models import Entry
from tests.accounts.codes import make_code

LOGIN, CODE, FACTOR = "/accounts/login/", "/accounts/login/code/", "/accounts/second-factor/"
PASSWORD = "correct horse battery"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


@pytest.fixture
def user(account) -> User:
    return add_member(account=account, email="ada@acme.example", role="admin", password=PASSWORD)[0].user


def set_up(user: User, now: datetime = NOW) -> list[str]:
    """Their second factor; its recovery codes."""
    second_factor.begin_set_up(user=user)
    return second_factor.confirm_set_up(user=user, code=make_code(user, now=now), now=now)


@pytest.fixture
def codes(user) -> list[str]:
    return set_up(user)


def give_password(email: str = "ada@acme.example", query: str = "") -> Client:
    client = Client()
    client.post(LOGIN + query, {"username": email, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/accounts/password/").status_code == 200


class TestSettingItUp:
    def test_the_page_shows_the_key_as_a_picture_and_as_text_and_takes_the_apps_code(self, user, sign_in):
        client = sign_in(user)
        assert client.post(FACTOR, {"password": PASSWORD}).url == f"{FACTOR}set-up/"
        page = client.get(f"{FACTOR}set-up/")
        text = page.content.decode()
        assert "no-store" in page.headers["Cache-Control"]
        assert re.search(r'<img class="qr-code" src="data:image/svg\+xml[^"]+"', text)
        assert second_factor.read_secret(user=user) in text

        answer = client.post(f"{FACTOR}set-up/", {"code": make_code(user)})
        assert "Your recovery codes" in answer.content.decode()
        assert second_factor.has_second_factor(user)
        assert is_in(client)

    def test_it_takes_the_password_first(self, user, sign_in):
        answer = sign_in(user).post(FACTOR, {"password": "wrong"})

        assert "Incorrect password." in answer.content.decode()
        assert not SecondFactor.objects.exists()

    def test_somebody_without_a_password_is_not_asked_for_one(self, user, sign_in):
        user.set_unusable_password()
        user.save()

        assert sign_in(user).post(FACTOR).url == f"{FACTOR}set-up/"

    def test_it_is_inactive_before_a_correct_code(self, user, sign_in):
        client = sign_in(user)
        client.post(FACTOR, {"password": PASSWORD})
        answer = client.post(f"{FACTOR}set-up/", {"code": "000000"})

        assert "Incorrect code" in answer.content.decode()
        assert is_in(give_password())

    def test_a_get_changes_nothing(self, user, sign_in):
        client = sign_in(user)
        client.get(FACTOR)

        assert client.get(f"{FACTOR}set-up/").url == FACTOR
        assert not SecondFactor.objects.exists()

    def test_an_active_one_is_not_replaced(self, user, codes, sign_in):
        before = SecondFactor.objects.get().secret
        sign_in(user).post(FACTOR, {"password": PASSWORD})

        assert SecondFactor.objects.get().secret == before
        with pytest.raises(ValidationError, match="Turn it off"):
            second_factor.begin_set_up(user=user)

    def test_other_sessions_end(self, user, sign_in):
        here, elsewhere = sign_in(user), sign_in(user)
        here.post(FACTOR, {"password": PASSWORD})
        here.post(f"{FACTOR}set-up/", {"code": make_code(user)})

        assert (is_in(here), is_in(elsewhere)) == (True, False)


class TestSigningIn:
    def test_the_password_alone_opens_nothing(self, codes):
        client = give_password()

        assert not is_in(client)
        assert client.get("/settings/members/").status_code == 302
        assert client.get(CODE).status_code == 200

    def test_the_apps_code_signs_in_and_redirects_to_the_requested_page(self, user, codes):
        client = give_password(query="?next=/settings/members/")
        before = client.session.session_key
        answer = client.post(CODE, {"code": make_code(user)})

        assert answer.url == "/settings/members/"
        assert is_in(client)
        assert client.session.session_key != before

    def test_a_code_works_once(self, user, codes):
        code = make_code(user)
        give_password().post(CODE, {"code": code})
        again = give_password()

        assert "was used already" in again.post(CODE, {"code": code}).content.decode()
        assert not is_in(again)

    def test_an_earlier_code_is_refused_after_a_later_one(self, user, codes):
        second_factor.check_code(
            user=user, code=make_code(user, now=NOW, steps=2), now=NOW + timedelta(minutes=1)
        )
        with pytest.raises(ValidationError):
            second_factor.check_code(
                user=user, code=make_code(user, now=NOW, steps=1), now=NOW + timedelta(minutes=1)
            )

    @pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
    def test_the_phones_clock_may_be_half_a_minute_off(self, user, steps, good):
        set_up(user, now=NOW - timedelta(hours=1))
        code = make_code(user, now=NOW, steps=steps)
        if good:
            second_factor.check_code(user=user, code=code, now=NOW)
        else:
            with pytest.raises(ValidationError):
                second_factor.check_code(user=user, code=code, now=NOW)

    def test_a_recovery_code_works_once_in_any_spelling(self, codes):
        typed = codes[0].lower().replace("-", " ")
        first, second = give_password(), give_password()
        first.post(CODE, {"code": typed})
        second.post(CODE, {"code": codes[0]})

        assert (is_in(first), is_in(second)) == (True, False)
        assert RecoveryCode.objects.count() == 9

    def test_a_recovery_code_of_somebody_else_is_none(self, user, codes, account):
        other = add_member(account=account, email="bob@acme.example", role="viewer", password=PASSWORD)[
            0
        ].user
        set_up(other)
        client = give_password("bob@acme.example")
        client.post(CODE, {"code": codes[0]})

        assert not is_in(client)

    def test_wrong_codes_lock_as_wrong_passwords_do(self, codes):
        client = give_password()
        answers = [client.post(CODE, {"code": "000000"}).status_code for _ in range(6)]

        assert answers == [200] * 4 + [429] * 2
        assert not is_in(client)

    def test_from_many_addresses_there_is_a_pause_after_ten(self, user, codes):
        for _ in range(10):
            with pytest.raises(ValidationError, match="Incorrect code"):
                second_factor.check_code(user=user, code="000000", now=NOW)
        later = NOW + timedelta(minutes=14)
        with pytest.raises(ValidationError, match="Wait 15 minutes"):
            second_factor.check_code(user=user, code=make_code(user, now=later), now=later)

        after = NOW + timedelta(minutes=16)
        second_factor.check_code(user=user, code=make_code(user, now=after), now=after)
        assert SecondFactor.objects.get().wrong_codes == 0

    def test_the_second_step_has_ten_minutes(self, user, codes):
        client = give_password()
        session = client.session
        session["pending_sign_in"] |= {"until": timezone.now().timestamp() - 1}
        session.save()

        assert client.post(CODE, {"code": make_code(user)}).url == LOGIN
        assert not is_in(client)

    @pytest.mark.parametrize(
        "change", [{"is_active": False}, {"password": "argon2$other"}, {"session_epoch": 9}]
    )
    def test_it_is_refused_when_the_first_step_holds_no_more(self, user, codes, change):
        client = give_password()
        User.objects.update(**change)

        assert client.post(CODE, {"code": make_code(user)}).url == LOGIN

    def test_the_page_of_the_code_is_nothing_without_the_password(self, codes):
        assert Client().get(CODE).url == LOGIN


class TestLosingIt:
    def test_turning_it_off_takes_a_code(self, user, codes, sign_in):
        client = sign_in(user)
        client.post(f"{FACTOR}off/", {"code": "000000"})
        assert second_factor.has_second_factor(user)

        client.post(f"{FACTOR}off/", {"code": codes[0]})
        assert not second_factor.has_second_factor(user)
        assert is_in(client)
        assert is_in(give_password())

    def test_new_recovery_codes_take_the_place_of_the_old(self, user, codes, sign_in):
        answer = sign_in(user).post(f"{FACTOR}codes/", {"code": make_code(user)})
        fresh = answer.context["codes"].split("\n")

        assert len(fresh) == 10
        assert not set(fresh) & set(codes)
        client = give_password()
        client.post(CODE, {"code": codes[0]})
        assert not is_in(client)

    def test_an_operator_removes_it(self, user, codes, capsys):
        call_command("remove_second_factor", user.email, "--json")

        assert '"removed": true' in capsys.readouterr().out
        assert is_in(give_password())


class TestGuessingAtAnOpenSession:
    @pytest.mark.parametrize("page", ["off/", "codes/"])
    def test_wrong_codes_lock_and_are_recorded(self, user, codes, sign_in, page):
        client = sign_in(user)
        answers = [client.post(f"{FACTOR}{page}", {"code": "000000"}).status_code for _ in range(6)]
        assert client.post(f"{FACTOR}{page}", {"code": codes[0]}).status_code == 429
        tried = Entry.objects.filter(object_name=user.email).order_by("pk")

        assert answers == [200] * 4 + [429] * 2
        assert second_factor.has_second_factor(user)
        assert RecoveryCode.objects.count() == 10
        assert [entry.action for entry in tried][-6:] == [*["person.wrong_code"] * 5, "person.locked_out"]

    def test_they_count_together_with_those_at_sign_in(self, user, codes, sign_in):
        client = sign_in(user)
        for _ in range(5):
            client.post(f"{FACTOR}off/", {"code": "000000"})
        fields = {"username": user.email, "password": PASSWORD}
        assert Client().post(LOGIN, fields).status_code == 429


class TestWhatIsKept:
    def test_recovery_codes_are_kept_as_hashes(self, codes):
        kept = "".join(RecoveryCode.objects.values_list("digest", flat=True))

        assert len(codes) == RecoveryCode.objects.count() == 10
        assert [code for code in codes if code in kept or code.replace("-", "") in kept] == []

    def test_the_secret_is_kept_encrypted(self, user):
        second_factor.begin_set_up(user=user)
        shown, kept = second_factor.read_secret(user=user), SecondFactor.objects.get().secret

        assert shown not in kept
        assert decrypt(kept) not in kept

    def test_an_earlier_secret_key_still_reads_it(self, settings):
        encrypted = encrypt("text")
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
        assert decrypt(encrypted) == "text"

        settings.SECRET_KEY_FALLBACKS = []
        with pytest.raises(CannotDecrypt):
            decrypt(encrypted)

    def test_recovery_codes_still_work_without_the_key(self, user, codes):
        SecondFactor.objects.update(secret="encrypted with another key")
        client = give_password()
        client.post(CODE, {"code": "000000"})
        assert not is_in(client)
        client.post(CODE, {"code": codes[0]})
        assert is_in(client)


class TestAnAccountThatRequiresIt:
    @pytest.fixture(autouse=True)
    def required(self, account):
        Account.objects.update(second_factor_required=True)

    @pytest.mark.parametrize("path", ["/settings/members/", "/settings/telemetry/", "/settings/endpoints/"])
    def test_shows_nothing_to_who_has_none(self, user, sign_in, path):
        client = sign_in(user)

        assert client.get(path).url == FACTOR
        assert client.post("/settings/members/add/", {"email": "new@acme.example"}).url == FACTOR
        assert client.get(path, headers={"HX-Request": "true"}).headers["HX-Redirect"] == FACTOR
        assert "Acme requires it of every member" in client.get(FACTOR).content.decode()

    def test_shows_itself_to_who_has_one(self, user, codes, sign_in):
        assert sign_in(user).get("/settings/members/").status_code == 200

    def test_its_admin_must_have_one_before_requiring_it(self, user, sign_in):
        Account.objects.update(second_factor_required=False)
        sign_in(user).post("/settings/members/second-factor/", {"required": "yes"})
        assert not Account.objects.get().second_factor_required

        set_up(user)
        client = sign_in(user)
        client.post("/settings/members/second-factor/", {"required": "yes"})
        assert Account.objects.get().second_factor_required
        client.post("/settings/members/second-factor/", {"required": "no"})
        assert not Account.objects.get().second_factor_required

    def test_only_its_admins_decide(self, account, join, sign_in):
        Account.objects.update(second_factor_required=False)
        answer = sign_in(join(account, "manager").user).post(
            "/settings/members/second-factor/", {"required": "yes"}
        )

        assert answer.status_code == 403
