"""After five wrong passwords a person and a network together are locked out, and a network after fifty."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate, hashers
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import hashers as our_hashers
from accounts import second_factor
from accounts.counters import Limit, RateLimiter
from accounts.encryption import encrypt
from accounts.models import Counter, SecondFactor, User
from accounts.services import add_member
from audit.models import Entry
from commandline.command import WrongArguments

LOGIN = "/accounts/login/"
PASSWORD, INCORRECT_CODE = "correct horse battery", "wrong"
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
CLOSED = "Sign-in from your network is locked for"
SPELLINGS = [
    "BOSS@acme.example",
    "boſs@acme.example",
    "BOſS@ACME.example",
    " boss@ａｃｍｅ.example ",
    "bosſ@acme。example",
]


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def hashed(monkeypatch) -> list[str]:
    """Every password that was hashed: for somebody known or not."""
    seen: list[str] = []
    encode = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(
        hashers.MD5PasswordHasher, "encode", lambda *args: seen.append(args[1]) or encode(*args)
    )
    return seen


@pytest.fixture
def user(account) -> User:
    return add_member(account=account, email="ada@acme.example", role="admin", password=PASSWORD)[0].user


def try_once(email: str, password: str = INCORRECT_CODE, *, address: str = HERE, **headers: str):
    fields = {"username": email, "password": password}
    return Client(REMOTE_ADDR=address).post(LOGIN, fields, headers=headers)


def lock(email: str, *, address: str = HERE):
    for _ in range(5):
        answer = try_once(email, address=address)
    return answer


def test_the_fifth_wrong_password_locks_and_says_for_how_long_and_whom_to_ask(user, settings):
    settings.SUPPORT_CONTACT = "support@denominator.example"
    answer = lock(user.email)
    page = answer.content.decode()

    assert answer.status_code == 429
    assert f"{CLOSED} 15 more minutes" in page
    assert "contact support@denominator.example" in page


def test_then_even_the_correct_password_is_refused_unchecked(user, hashed):
    lock(user.email)
    hashed.clear()

    assert try_once(user.email, PASSWORD).status_code == 429
    assert hashed == []


def test_the_same_person_from_elsewhere_and_another_from_here_may_sign_in(user, account):
    add_member(account=account, email="bob@acme.example", role="viewer", password=PASSWORD)
    lock(user.email)

    assert try_once(user.email, PASSWORD, address=ELSEWHERE).status_code == 302
    assert try_once("bob@acme.example", PASSWORD).status_code == 302


def test_another_spelling_of_the_address_is_the_same_person(account):
    add_member(account=account, email="boss@acme.example", role="admin", password=PASSWORD)
    for email in SPELLINGS[:4]:
        assert try_once(email).status_code == 200

    assert try_once(SPELLINGS[4]).status_code == 429
    assert {try_once(email, PASSWORD).status_code for email in SPELLINGS} == {429}
    assert Counter.objects.filter(kind="person").count() == 1


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_signs_the_same_person_in(account, spelling):
    add_member(account=account, email="boss@acme.example", role="admin", password=PASSWORD)

    assert try_once(spelling, PASSWORD).status_code == 302


@pytest.mark.parametrize(
    "odd",
    ["boss@acme..example", "groß@acme.example", "b\u200bss@acme.example", "boss@xn--zzzzzz99999.example"],
)
def test_an_address_without_a_normal_form_is_not_checked(db, hashed, odd):
    assert "Enter an e-mail address in the form" in try_once(odd).content.decode()
    assert hashed == []


def test_another_browser_is_the_same_network(user):
    for number in range(4):
        try_once(user.email, **{"User-Agent": f"Browser {number}"})

    assert try_once(user.email, **{"User-Agent": "Browser 5"}).status_code == 429


def test_an_unknown_address_is_locked_out_in_the_same_words(user):
    known, unknown = lock(user.email), lock("nobody@acme.example")

    assert unknown.status_code == known.status_code
    assert CLOSED in unknown.content.decode()


@pytest.mark.parametrize("tries", [0, 4], ids=["the first", "the one that locks"])
def test_a_wrong_password_takes_as_many_queries_for_everybody(user, account, tries):
    """A member, somebody unknown, somebody deactivated: nor do they differ in what is written."""
    deactivated, _ = add_member(account=account, email="off@acme.example", role="viewer", password=PASSWORD)
    User.objects.filter(pk=deactivated.user_id).update(is_active=False)
    counts = set()
    for email in (user.email, "nobody@acme.example", deactivated.user.email):
        for _ in range(tries):
            try_once(email)
        before = Entry.objects.count()
        with CaptureQueriesContext(connection) as queries:
            try_once(email)
        counts.add((len(queries), Entry.objects.count() - before))

    assert len(counts) == 1


def end_locks() -> None:
    Counter.objects.update(until=timezone.now() - timedelta(seconds=1))


def test_further_attempts_do_not_extend_it(user):
    lock(user.email)
    Counter.objects.filter(kind="person").update(until=timezone.now() + timedelta(minutes=5))
    try_once(user.email)

    assert f"{CLOSED} 5 more minutes" in try_once(user.email).content.decode()


def test_it_ends_by_itself(user):
    lock(user.email)
    end_locks()

    assert try_once(user.email, PASSWORD).status_code == 302


def test_a_correct_password_resets_the_counter(user):
    for _ in range(4):
        try_once(user.email)
    try_once(user.email, PASSWORD)

    assert not Counter.objects.filter(kind="person").exists()
    assert Counter.objects.get(kind="network").tries == 4  # those stay: another's guesses are among them


class TestANetwork:
    @pytest.fixture(autouse=True)
    def limit(self, settings):
        settings.SIGN_IN_ATTEMPTS_PER_ADDRESS = 10

    def try_many(self, addresses: list[str], password: str = INCORRECT_CODE) -> list[int]:
        return [
            try_once(f"somebody{number}@acme.example", password, address=address).status_code
            for number, address in enumerate(addresses)
        ]

    def test_is_locked_out_whoever_it_tries_before_a_password_is_hashed(self, db, hashed):
        assert self.try_many([HERE] * 15) == [200] * 9 + [429] * 6
        assert len(hashed) == 10

    def test_is_a_64_of_ipv6(self, db, hashed):
        assert self.try_many([f"2001:db8:0:7:{number:x}::1" for number in range(12)])[-3:] == [429] * 3
        assert len(hashed) == 10
        assert try_once("x@acme.example", address="2001:db8:0:8::1").status_code == 200

    def test_successful_attempts_are_not_counted(self, user):
        assert {try_once(user.email, PASSWORD).status_code for _ in range(12)} == {302}

    def test_is_unlocked_after_the_time_however_often_it_tried(self, user):
        self.try_many([HERE] * 15)
        end_locks()

        assert try_once(user.email, PASSWORD).status_code == 302

    def test_is_unlocked_by_the_command_for_its_address(self, user):
        self.try_many([HERE] * 15)
        call_command("unlock_sign_in", user.email, "--address", HERE, "--json")

        assert try_once(user.email, PASSWORD).status_code == 302

    def test_locks_out_nobody_elsewhere(self, user):
        self.try_many([HERE] * 15)

        assert try_once(user.email, PASSWORD, address=ELSEWHERE).status_code == 302

    def test_does_not_count_who_is_locked_out_already(self, user, account):
        for _ in range(20):
            try_once(user.email)
        add_member(account=account, email="bob@acme.example", role="viewer", password=PASSWORD)

        assert try_once("bob@acme.example", PASSWORD).status_code == 302


class TestTheAuditLog:
    def list_entries(self) -> list[tuple[str, str]]:
        return list(Entry.objects.filter(action__endswith="locked_out").values_list("action", "object_name"))

    def test_says_once_that_somebody_is_locked_out(self, user):
        before = Entry.objects.count()
        for _ in range(9):
            try_once(user.email)

        assert self.list_entries() == [("person.locked_out", user.email)]
        assert Entry.objects.count() == before + 1

    def test_says_once_that_a_network_is(self, user, settings):
        settings.SIGN_IN_ATTEMPTS_PER_ADDRESS = 10
        before = Entry.objects.count()
        for number in range(14):
            try_once(f"somebody{number}@acme.example")

        assert self.list_entries() == [("network.locked_out", HERE)]
        assert Entry.objects.count() == before + 1

    def test_does_not_grow_by_a_network_that_locks_one_after_the_other(self, db, monkeypatch, settings):
        settings.SIGN_IN_ATTEMPTS, settings.SIGN_IN_ATTEMPTS_PER_ADDRESS = 1, 1_000
        monkeypatch.setattr("accounts.lockout.LOCKS_RECORDED", Limit("lock_recorded", 3, 86_400))
        for number in range(5):
            try_once(f"somebody{number}@acme.example")
        assert len(self.list_entries()) == 3

        monkeypatch.setattr("accounts.lockout.ALL_LOCKS_RECORDED", Limit("locks_recorded", 4, 86_400))
        for number in range(3):
            try_once(f"somebody{number}@acme.example", address=f"192.0.2.{100 + number}")
        assert len(self.list_entries()) == 4


class TestManyAtOnce:
    """In threads with connections of their own: the database decides."""

    AT_ONCE = 24

    def run(self, act) -> list:
        def closing(number: int):
            try:
                return act(number)
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(closing, range(self.AT_ONCE)))

    def test_no_more_attempts_than_the_limit_are_allowed(self, transactional_db):
        limiter, now = (
            RateLimiter(Limit("person", 5, 60, renewed=True), who="ada@acme.example"),
            timezone.now(),
        )

        assert sorted(self.run(lambda _: limiter.count_attempt(now=now))) == [0] * (self.AT_ONCE - 5) + [
            1,
            2,
            3,
            4,
            5,
        ]

    def test_an_expired_lock_allows_no_more_than_the_limit(self, transactional_db):
        limiter, now = RateLimiter(Limit("network", 5, 60), network=HERE), timezone.now()
        Counter.objects.create(kind="network", network=HERE, tries=5, until=now - timedelta(seconds=1))

        assert sum(map(bool, self.run(lambda _: limiter.count_attempt(now=now)))) == 5

    def test_codes_from_as_many_addresses_are_ten(self, transactional_db, monkeypatch):
        user = User.objects.create(email="ada@acme.example")
        now = timezone.now()
        SecondFactor.objects.create(user=user, secret=encrypt("00" * 20), confirmed_at=now)
        looked_at = []
        monkeypatch.setattr(second_factor, "_use_app_code", lambda *_: looked_at.append(1))

        def guess(number: int) -> str:
            with pytest.raises(ValidationError) as caught:
                second_factor.check_code(user=user, code=f"{number:06}", now=now)
            return caught.value.messages[0][:8]

        assert sorted(self.run(guess)) == ["Incorrec"] * 10 + ["Too many"] * (self.AT_ONCE - 10)
        assert len(looked_at) == 10

    def test_passwords_from_one_network_are_its_limit(self, transactional_db, hashed, settings):
        settings.SIGN_IN_ATTEMPTS_PER_ADDRESS = 10
        answers = self.run(lambda number: try_once(f"somebody{number}@acme.example").status_code)

        assert len(hashed) == 10
        assert answers.count(429) == self.AT_ONCE - 9  # the tenth says that it was the last


@pytest.mark.parametrize(("method", "rest"), [("encode", ("salt" * 4,)), ("verify", ("argon2$x",))])
def test_few_passwords_are_hashed_at_once(settings, monkeypatch, method, rest):
    """Each takes 100 MB: beyond the limit of a process one waits for its turn."""
    turns_left = []

    def count_free(*_args: str) -> None:
        taken = 0
        while our_hashers._semaphore.acquire(blocking=False):
            taken += 1
        for _ in range(taken):
            our_hashers._semaphore.release()
        turns_left.append(taken)

    monkeypatch.setattr(hashers.Argon2PasswordHasher, method, count_free)
    getattr(our_hashers.Argon2PasswordHasher(), method)("x", *rest)

    assert turns_left == [settings.PASSWORD_HASHES_AT_ONCE - 1]


@pytest.mark.parametrize(
    ("more", "opened"), [((), True), (("--address", HERE), True), (("--address", ELSEWHERE), False)]
)
def test_a_command_ends_the_lock(user, capsys, more, opened):
    lock(user.email)
    call_command("unlock_sign_in", "Ada@acme.example", *more, "--json")

    assert json.loads(capsys.readouterr().out)["failures_forgotten"] == (5 if opened else 0)
    assert try_once(user.email, PASSWORD).status_code == (302 if opened else 429)


def test_the_command_refuses_an_invalid_address(user):
    with pytest.raises(WrongArguments, match='"nonsense" is not an IP address'):
        call_command("unlock_sign_in", user.email, "--address", "nonsense")


@pytest.mark.parametrize(
    ("path", "field"), [("/accounts/password/", "old_password"), ("/accounts/second-factor/", "password")]
)
def test_nobody_guesses_the_password_at_an_open_session(user, sign_in, path, field):
    client = sign_in(user)
    answers = [client.post(path, {field: f"guess {number}"}).status_code for number in range(6)]

    assert answers == [200] * 4 + [429] * 2
    right = {field: PASSWORD, "new_password1": "another long phrase", "new_password2": "another long phrase"}
    assert client.post(path, right).status_code == 429


@pytest.mark.parametrize(
    ("path", "field"), [("/accounts/password/", "old_password"), ("/accounts/second-factor/", "password")]
)
def test_a_form_that_guesses_nothing_is_not_counted(user, sign_in, path, field):
    client = sign_in(user)
    for fields in ({}, {field: PASSWORD, "new_password1": "a", "new_password2": "b"}):
        for _ in range(6):
            client.post(path, fields)
    assert set(Counter.objects.values_list("tries", flat=True)) <= {0}


def test_django_admins_own_page_for_passwords_is_ours(db, sign_in, hashed):
    operator = User.objects.create_superuser("ops@denominator.example", PASSWORD)
    hashed.clear()
    fields = {
        "old_password": PASSWORD,
        "new_password1": "another long one",
        "new_password2": "another long one",
    }

    assert sign_in(operator).post("/admin/password_change/", fields).url == "/accounts/password/"
    assert hashed == []


def test_every_other_sign_in_form_is_counted(user, rf):
    """Whatever asks Django whether a password is right goes the same way."""
    request = rf.post("/", REMOTE_ADDR=HERE)
    authenticate(request, username=user.email, password=INCORRECT_CODE)

    assert Counter.objects.get(kind="person").tries == 1


def test_what_was_typed_is_not_stored(user):
    lock("a-password-in-the-wrong-field@acme.example")
    kept = "".join(map(str, Counter.objects.values_list("kind", "who", "network")))

    assert "person" in kept
    assert "wrong" not in kept
    assert "acme" not in kept


@pytest.mark.parametrize("hops", ["203.0.113.9, 192.0.2.50", "198.51.100.7, 203.0.113.9, 192.0.2.50"])
def test_behind_a_proxy_the_clients_address_counts_and_its_own_header_does_not(user, settings, hops):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "192.0.2.50"]
    for _ in range(5):
        try_once(user.email, address="10.1.2.3", **{"X-Forwarded-For": hops})

    assert Counter.objects.get(kind="person").network == "203.0.113.9"
    other = {"X-Forwarded-For": "203.0.113.10, 192.0.2.50"}
    assert try_once(user.email, PASSWORD, address="10.1.2.3", **other).status_code == 302


def test_without_a_trusted_proxy_nobody_chooses_their_address(user):
    for number in range(4):
        try_once(user.email, **{"X-Forwarded-For": f"203.0.113.{number}"})

    assert try_once(user.email, **{"X-Forwarded-For": "203.0.113.99"}).status_code == 429
