from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts.lockout import unlock
from accounts.selectors import find_user
from commandline.command import Command as BaseCommand


class Command(BaseCommand):
    help = "Let a person sign in again who was locked out after too many wrong attempts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--address", metavar="IP", help="from this address alone; else from all")

    def run(self, *, email: str, address: str | None) -> dict[str, Any]:
        failures = unlock(email=email, address=address, user=find_user(email=email))
        return {"email": email, "failures_forgotten": failures}

    def describe(self, result: dict[str, Any]) -> str:
        if not result["failures_forgotten"]:
            return f"There was no wrong attempt of {result['email']} to forget."
        return f"{result['email']} can try again; forgotten: {result['failures_forgotten']} wrong attempts."
