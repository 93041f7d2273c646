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
            "--address", metavar="IP", help="from this address alone, whoever was tried there; else from all"
        )

    def run(self, *, email: str, address: str | None) -> dict[str, Any]:
        if address and not name_network(address):
            raise WrongArguments(f'"{address}" is no IP address. Give --address one such as 192.0.2.1.')
        failures = unlock(email=email, address=address, user=find_user(email=email))
        return {"email": email, "failures_forgotten": failures}

    def describe(self, result: dict[str, Any]) -> str:
        if not result["failures_forgotten"]:
            return f"There was no wrong attempt of {result['email']} to forget."
        return f"{result['email']} can try again; forgotten: {result['failures_forgotten']} wrong attempts."
