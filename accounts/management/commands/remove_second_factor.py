from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts.second_factor import remove_second_factor
from accounts.selectors import find_user
from commandline.command import Command as BaseCommand
from commandline.command import WrongArguments


class Command(BaseCommand):
    help = "Remove the second factor of a person who has lost it. Verify their identity first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def run(self, *, email: str) -> dict[str, Any]:
        user = find_user(email=email)
        if user is None:
            raise WrongArguments(f'Nobody has the address "{email}". Check EMAIL.')
        return {"email": user.email, "removed": remove_second_factor(user=user)}

    def describe(self, result: dict[str, Any]) -> str:
        if not result["removed"]:
            return f"{result['email']} has no second factor."
        return f"The second factor of {result['email']} was removed. Their password alone signs them in."
