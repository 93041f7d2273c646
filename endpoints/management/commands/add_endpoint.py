from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from accounts.management.arguments import add_account_argument, find_account
from commandline.command import Command as BaseCommand
from endpoints.services import create_endpoint

OPTIONS = {"path_prefix": "prefix"}  # where the option is not called as the field is


class Command(BaseCommand):
    help = (
        "Add an S3 endpoint: a read-only connection to one bucket, by a role in the customer's AWS account."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_account_argument(parser)
        parser.add_argument("--name", required=True, help="the endpoint's name, unique in the account")
        parser.add_argument(
            "--role-arn", required=True, metavar="ARN", help="the role that Denominator assumes"
        )
        parser.add_argument("--bucket", required=True, help="the bucket's name alone")
        parser.add_argument("--region", required=True, help="the bucket's region, such as us-east-1")
        parser.add_argument("--prefix", default="", help="the folder path within the bucket")
        parser.add_argument("--description", default="")

    def run(self, *, account: str, prefix: str, **fields: Any) -> dict[str, Any]:
        try:
            endpoint = create_endpoint(account=find_account(account), path_prefix=prefix, **fields)
        except ValidationError as error:
            problems = error.message_dict
            raise ValidationError(
                {"--" + OPTIONS.get(name, name).replace("_", "-"): texts for name, texts in problems.items()}
            ) from None
        return {
            "id": str(endpoint.public_id),
            "name": endpoint.name,
            "external_id": endpoint.external_id,
        }

    def describe(self, result: dict[str, Any]) -> str:
        return (
            f"Added {result['name']}.\n"
            f"External ID: {result['external_id']}\n"
            "Let the role's trust policy require it, then run test_endpoint."
        )
