from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from accounts.services import create_account
from commandline.command import Command as BaseCommand


class Command(BaseCommand):
    help = "Create an account: a company, to which people, endpoints and telemetries belong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--slug", help="its short name in commands; made from NAME unless given")
        parser.add_argument(
            "--without-s3-csv-telemetry",
            action="store_false",
            dest="s3_csv_telemetry",
            help="leave the S3 CSV telemetry beta switched off for it",
        )

    def run(self, *, name: str, slug: str | None, s3_csv_telemetry: bool) -> dict[str, Any]:
        account = create_account(name=name, slug=slug, s3_csv_telemetry=s3_csv_telemetry)
        return {"slug": account.slug}

    def describe(self, result: dict[str, Any]) -> str:
        return f"Created the account {result['slug']}."
