"""add_account and add_user as people script against them: standard output, standard error, exit code."""

from __future__ import annotations

import io
import json
import sys

import pytest
from django.core.management import execute_from_command_line

from accounts.models import Account, Membership, SecondFactor, User
from tests.accounts.test_second_factor import set_up

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def run(capsys, monkeypatch):
    """run("add_account", "Acme", stdin="…"): the exit code, standard output and standard error.

    `typed` are the passwords of a person at a terminal.
    """
    # A command at its end closes the process's connections: here they are the test's.
    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: None)

    def execute(*arguments: str, stdin: str = "", typed: tuple[str, ...] = ()) -> tuple[int, str, str]:
        answers = iter(typed)
        monkeypatch.setattr(sys, "stdin", Terminal() if typed else io.StringIO(stdin))
        monkeypatch.setattr("accounts.management.commands.add_user.getpass", lambda _: next(answers))
        code = 0
        try:
            execute_from_command_line(["manage.py", *arguments])
        except SystemExit as end:
            code = end.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return execute


class TestAddAccount:
    @pytest.mark.parametrize(
        ("arguments", "slug", "beta"),
        [
            (["Acme Inc."], "acme-inc", True),
            (["Acme Inc.", "--slug", "a"], "a", True),
            (["Acme Inc.", "--without-s3-csv-telemetry"], "acme-inc", False),
        ],
    )
    def test_prints_the_slug_alone(self, run, arguments, slug, beta):
        code, out, err = run("add_account", *arguments, "--json")

        assert (code, json.loads(out), err) == (0, {"slug": slug}, "")
        assert Account.objects.get(slug=slug).s3_csv_telemetry is beta

    def test_says_it_in_words_to_a_person(self, run):
        assert run("add_account", "Acme") == (0, "Created the account acme.\n", "")

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            (["Acme"], 'The slug "acme" is taken. Give another one with --slug.'),
            (["日本"], "Give one with --slug."),
            ([], "required: NAME"),
        ],
    )
    def test_wrong_arguments_end_with_2_and_nothing_on_standard_output(self, run, account, arguments, text):
        code, out, err = run("add_account", *arguments, "--json")

        assert (code, out) == (2, "")
        assert text in err


class TestAddUser:
    ADD = ("add_user", "New@acme.example", "--account", "acme", "--role", "manager")

    def test_prints_who_is_what_where(self, run, account):
        code, out, err = run(*self.ADD, "--password-stdin", "--json", stdin=f"{PASSWORD}\n")

        assert (code, err) == (0, "")
        assert json.loads(out) == {
            "email": "new@acme.example",
            "account": "acme",
            "role": "manager",
            "created": True,
        }
        assert User.objects.get().check_password(PASSWORD)

    def test_says_how_to_set_a_password_where_none_was_given(self, run, account):
        code, out, err = run(*self.ADD, "--json")

        assert code == 0
        assert json.loads(out)["created"] is True
        assert "has no password and cannot sign in yet" in err
        assert "--password-stdin" in err
        assert not User.objects.get().has_usable_password()

    def test_changes_the_role_of_a_member_and_leaves_the_password(self, run, account):
        run(*self.ADD, "--password-stdin", stdin=PASSWORD)
        code, out, err = run(
            "add_user", "new@ACME.example", "--account", "acme", "--role", "viewer", "--json"
        )

        assert (code, err) == (0, "")
        assert json.loads(out) == {
            "email": "new@acme.example",
            "account": "acme",
            "role": "viewer",
            "created": False,
        }
        assert Membership.objects.get().role == "viewer"
        assert User.objects.get().check_password(PASSWORD)

    def test_replaces_the_password_of_a_known_person_when_told_to(self, run, account):
        run(*self.ADD, "--password-stdin", stdin=PASSWORD)
        run(*self.ADD, "--password-stdin", stdin="another long phrase\r\n")

        assert User.objects.get().check_password("another long phrase")

    @pytest.fixture
    def squatted(self, other_account, join) -> User:
        """Somebody made this sign-in before anybody showed that the address is theirs."""
        user = join(other_account, "viewer", email="New@acme.example").user
        user.set_password("chosen by somebody")
        user.save()
        return user

    def test_an_operators_command_verifies_the_address(self, run, account):
        run(*self.ADD, "--password-stdin", stdin=PASSWORD)

        assert User.objects.get().address_verified_at

    def test_does_not_add_somebody_whose_sign_in_may_be_anothers(self, run, account, squatted):
        code, out, err = run(*self.ADD, "--json")

        assert (code, out) == (2, "")
        assert "has a sign-in whose address was never verified" in err
        assert "--password-stdin" in err
        assert not Membership.objects.filter(account=account).exists()

    def test_adds_them_with_a_new_password_which_ends_what_was_set_before(
        self, run, account, squatted, sign_in
    ):
        set_up(squatted)
        thief = sign_in(squatted)
        code, _, err = run(*self.ADD, "--password-stdin", stdin=PASSWORD)

        squatted.refresh_from_db()
        assert (code, err) == (0, "")
        assert squatted.check_password(PASSWORD)
        assert squatted.address_verified_at
        assert not SecondFactor.objects.exists()
        assert thief.get("/accounts/password/").status_code == 302

    def test_a_weak_password_ends_nothing(self, run, account, squatted):
        run(*self.ADD, "--password-stdin", stdin="short")

        squatted.refresh_from_db()
        assert squatted.check_password("chosen by somebody")
        assert squatted.address_verified_at is None

    def test_changes_the_role_of_a_member_with_an_unverified_address(self, run, account, join):
        join(account, "viewer", email="new@acme.example")

        assert run(*self.ADD)[0] == 0
        assert Membership.objects.get().role == "manager"

    def test_asks_twice_at_a_terminal(self, run, account):
        assert run(*self.ADD, typed=(PASSWORD, PASSWORD))[0] == 0
        assert User.objects.get().check_password(PASSWORD)

    def test_refuses_two_different_passwords(self, run, account):
        code, out, err = run(*self.ADD, typed=(PASSWORD, "something else entirely"))

        assert (code, out) == (2, "")
        assert "not the same" in err
        assert not User.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "stdin", "text"),
        [
            ({"acme": "nope"}, PASSWORD, 'There is no account "nope"'),
            ({"acme": "nope"}, PASSWORD, "manage.py add_account NAME"),
            ({"manager": "boss"}, PASSWORD, "choose from"),
            ({"New@acme.example": "nonsense"}, PASSWORD, '"nonsense" is not an e-mail address'),
            ({}, "short\n", "password: This password is too short."),
            ({}, "", "password: This password is too short."),
        ],
    )
    def test_wrong_arguments_end_with_2_and_change_nothing(self, run, account, changes, stdin, text):
        arguments = [changes.get(argument, argument) for argument in self.ADD]
        code, out, err = run(*arguments, "--password-stdin", "--json", stdin=stdin)

        assert (code, out) == (2, "")
        assert text in err
        assert "Traceback" not in err
        assert not User.objects.exists()

    def test_names_no_other_account(self, run, account, other_account):
        _, _, err = run("add_user", "a@b.example", "--account", "nope", "--role", "viewer")

        assert "acme" not in err
        assert "zeta" not in err

    def test_does_not_leave_an_account_without_an_admin(self, run, account, join):
        join(account, "admin")
        code, _, err = run("add_user", "admin@acme.example", "--account", "acme", "--role", "viewer")

        assert code == 2
        assert "is the only admin of Acme" in err
