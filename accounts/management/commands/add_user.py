from __future__ import annotations

import sys
from getpass import getpass
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.management.arguments import add_account_argument, find_account
from accounts.models import User
from accounts.proof import verify_address
from accounts.roles import ROLE_PERMISSIONS
from accounts.selectors import find_user
from accounts.services import add_member, set_password
from commandline.command import Command as BaseCommand
from commandline.command import WrongArguments


class Command(BaseCommand):
    help = "Add a person to an account, or change a member's role."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        add_account_argument(parser)
        parser.add_argument("--role", required=True, choices=list(ROLE_PERMISSIONS))
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input's first line; it replaces the one of a known person",
        )

    def run(self, *, email: str, account: str, role: str, password_stdin: bool) -> dict[str, Any]:
        """An operator's command verifies the address; a new password removes what others had set."""
        place = find_account(account)
        known = find_user(email=email)
        password = self._read_password(known=known, from_stdin=password_stdin)
        with transaction.atomic():
            if known and password is not None:
                verify_address(user=known, now=timezone.now())
            membership, created = add_member(account=place, email=email, role=role, password=password)
            if known and password is not None:
                set_password(user=membership.user, password=password)
        if not membership.user.has_usable_password():
            self.note(
                f"{membership.user.email} has no password and cannot sign in yet. To set one: "
                f"manage.py add_user {membership.user.email} --account {place.slug} --role {role} "
                "--password-stdin"
            )
        return {"email": membership.user.email, "account": place.slug, "role": role, "created": created}

    def _read_password(self, *, known: User | None, from_stdin: bool) -> str | None:
        if from_stdin:
            return sys.stdin.readline().rstrip("\r\n")
        if not sys.stdin.isatty() or (known and known.has_usable_password()):
            return None
        password = getpass("Password: ")
        if getpass("Password again: ") != password:
            raise WrongArguments("The two passwords are not the same. Nothing was changed; try again.")
        return password

    def describe(self, result: dict[str, Any]) -> str:
        person = "New person" if result["created"] else "Known person"
        return f"{person} {result['email']} is {result['role']} of {result['account']}."
