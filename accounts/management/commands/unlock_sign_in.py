from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts.lockout import unlock
from accounts.selectors import find_user
from audit.addresses import name_network
from commandline.command import Command as BaseCommand
from commandline.command import WrongArguments


class Command(BaseCommand):
    help = "Let a person sign in again who was locked out after too many wrong attempts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument(
            "--address",
            metavar="IP",
            help="this IP address alone, for every person tried from it; else all addresses",
        )

    def run(self, *, email: str, address: str | None) -> dict[str, Any]:
        if address and not name_network(address):
            raise WrongArguments(
                f'"{address}" is not an IP address. Pass one such as 192.0.2.1 to --address.'
            )
        failures = unlock(email=email, address=address, user=find_user(email=email))
        return {"email": email, "failures_forgotten": failures}

    def describe(self, result: dict[str, Any]) -> str:
        if not result["failures_forgotten"]:
            return f"{result['email']} had no wrong attempts."
        return f"{result['email']} can try again; {result['failures_forgotten']} wrong attempts were reset."
