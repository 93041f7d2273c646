from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from accounts.management.arguments import add_account_argument, find_account
from commandline.command import DONE, FAILED, Failure, WrongArguments
from commandline.command import Command as BaseCommand
from endpoints.models import S3Endpoint
from endpoints.selectors import get_endpoint
from endpoints.services import CannotTestNow, run_endpoint_test


class Command(BaseCommand):
    help = "Test an S3 endpoint: its role's trust, its bucket, and whether files can be listed and read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the endpoint's name")
        add_account_argument(parser)

    def run(self, *, name: str, account: str) -> dict[str, Any]:
        place = find_account(account)
        try:
            endpoint = get_endpoint(account=place, name=name)
        except S3Endpoint.DoesNotExist:
            raise WrongArguments(
                f'There is no endpoint "{name}" in account "{account}". Check NAME.'
            ) from None
        try:
            result = run_endpoint_test(endpoint=endpoint, now=timezone.now())
        except CannotTestNow as reason:
            raise Failure(f"{name}: {reason}") from None
        return {"ok": result.ok, "checks": result.as_json()}

    def describe(self, result: dict[str, Any]) -> str:
        return "\n".join(
            f"{'ok    ' if check['ok'] else 'FAILED'}  {check['name']}: {check['detail']}"
            for check in result["checks"]
        )

    def exit_code(self, result: dict[str, Any]) -> int:
        return DONE if result["ok"] else FAILED
