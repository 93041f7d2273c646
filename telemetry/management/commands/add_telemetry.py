from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from accounts.management.arguments import add_account_argument, find_account
from commandline.command import Command as BaseCommand
from commandline.command import Failure, WrongArguments
from csvfiles.dates import DATE_FORMATS, find_format
from csvfiles.errors import FileError
from endpoints.error_types import StorageError
from endpoints.models import S3Endpoint
from telemetry.management.arguments import parse_share
from telemetry.models import Telemetry
from telemetry.services import check_choice_of_columns, create_telemetry
from telemetry.wizard.checks import check_answers
from telemetry.wizard.forms.date_order import MONTH_FIRST

CREATE_ANYWAY = "Nothing was created. To create the telemetry without a look at its files: --unchecked"

# What create_telemetry calls an argument -> what it is called here.
ARGUMENTS = {
    "endpoint": "--endpoint",
    "prefix": "--prefix",
    "name": "--name",
    "date_column": "--date-column",
    "date_format": "--date-format",
    "date_order": "--date-format",
    "dimensions": "--dimension",
    "metric_column": "--metric",
    "overlap": "--overlap",
    "max_rejected_percent": "--max-rejected-share",
}


class Command(BaseCommand):
    help = "Create a telemetry: one metric, read daily from the CSV files under a prefix of an endpoint."

    def add_arguments(self, parser: CommandParser) -> None:
        add_account_argument(parser)
        parser.add_argument("--endpoint", required=True, metavar="NAME", help="the endpoint's name")
        parser.add_argument("--prefix", required=True, help="relative to the endpoint's path prefix")
        parser.add_argument("--name", required=True, help="the display name")
        parser.add_argument("--date-column", required=True, metavar="COLUMN")
        parser.add_argument(
            "--date-format", required=True, metavar="FORMAT", help="one of: " + "  ".join(DATE_FORMATS)
        )
        parser.add_argument(
            "--month-first",
            action="store_true",
            help="say so where the files' dates could have the day first just as well",
        )
        parser.add_argument(
            "--dimension", action="append", default=[], metavar="COLUMN", help="up to 10 times"
        )
        parser.add_argument(
            "--metric", required=True, metavar="COLUMN", help="becomes the identifier, for ever"
        )
        parser.add_argument("--overlap", choices=Telemetry.Overlap.values, default=Telemetry.Overlap.NEWEST)
        parser.add_argument(
            "--max-rejected-share",
            metavar="PERCENT",
            help="0 to 100: a file with more of its rows rejected fails as a whole; without it none does",
        )
        parser.add_argument(
            "--unchecked",
            action="store_true",
            help="create it without a look at its files, for example before the first one is there",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        account = find_account(options["account"])
        endpoint = S3Endpoint.objects.for_account(account).filter(name=options["endpoint"]).first()
        if endpoint is None:
            raise WrongArguments(
                f"Account {account.slug!r} has no endpoint {options['endpoint']!r}. "
                "Create it with: manage.py add_endpoint"
            )
        date_format = find_format(options["date_format"])
        if date_format is None:
            raise ValidationError(
                {"--date-format": f"{options['date_format']!r} is none of: {'  '.join(DATE_FORMATS)}"}
            )
        fields = {
            "prefix": options["prefix"],
            "name": options["name"],
            "date_column": options["date_column"],
            "date_format": date_format,
            "dimensions": options["dimension"],
            "metric_column": options["metric"],
        }
        try:
            if not options["unchecked"]:
                _check(endpoint, fields, month_first=options["month_first"])
            telemetry = create_telemetry(
                account=account,
                endpoint=endpoint,
                overlap=options["overlap"],
                max_rejected_percent=parse_share(options["max_rejected_share"], "--max-rejected-share"),
                **fields,
            )
        except ValidationError as error:
            named = {ARGUMENTS.get(field, field): texts for field, texts in error.message_dict.items()}
            raise ValidationError(named) from None
        return {"identifier": telemetry.identifier, "status": telemetry.status}

    def describe(self, result: dict[str, Any]) -> str:
        return f"{result['identifier']} is {result['status']}. Its data come with the next daily sync."


def _check(endpoint: S3Endpoint, fields: dict[str, Any], *, month_first: bool) -> None:
    """Whether the wizard would make this telemetry of the files that are there. Raises as it would refuse."""
    check_choice_of_columns(fields["date_column"], fields["dimensions"], fields["metric_column"])
    date = {"date_column": fields["date_column"], "date_format": fields["date_format"]}
    if month_first:
        date["date_order"] = f"{MONTH_FIRST}:{fields['date_column']}"
    answers = {
        "source": {"endpoint": str(endpoint.public_id), "prefix": fields["prefix"], "name": fields["name"]},
        "preview": {},
        "date": date,
        "dimensions": {"dimensions": fields["dimensions"]},
        "metric": {"metric_column": fields["metric_column"]},
    }
    try:
        problems = check_answers(account=endpoint.account, answers=answers)
    except FileError as error:
        problems = {"prefix": [str(error)]}
    except StorageError as error:
        raise Failure(f"{error}\n{CREATE_ANYWAY}") from None
    if "date_order" in problems:
        problems["date_order"].append("If the month comes first: --month-first")
    if problems:
        raise ValidationError({**problems, "__all__": [CREATE_ANYWAY]})
