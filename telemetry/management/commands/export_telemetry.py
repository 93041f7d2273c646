from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandParser

from accounts.management.arguments import add_account_argument, find_account
from commandline.command import Command as BaseCommand
from core.decimals import plain
from core.snapshot import snapshot
from telemetry.management.arguments import find_telemetry, parse_day
from telemetry.models import Telemetry
from telemetry.selectors import list_dimensions, list_points


class Command(BaseCommand):
    help = "Write what counts as CSV: date, the dimensions in order, the metric; sorted, verbatim, exact."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("identifier", metavar="IDENTIFIER")
        add_account_argument(parser)
        parser.add_argument("--from", dest="date_from", metavar="D", help="first date, yyyy-MM-dd")
        parser.add_argument("--to", dest="date_to", metavar="D", help="last date, yyyy-MM-dd")

    def handle(self, *_args: Any, **options: Any) -> None:
        with snapshot():
            self._export(**options)

    def _export(self, *, as_json: bool, **options: Any) -> None:
        telemetry = find_telemetry(find_account(options["account"]), options["identifier"])
        columns = [telemetry.date_column, *list_dimensions(telemetry=telemetry), telemetry.metric_column]
        rows = _list_rows(
            telemetry,
            date_from=parse_day(options["date_from"], "--from"),
            date_to=parse_day(options["date_to"], "--to"),
        )
        if as_json:
            self.stdout.write(
                json.dumps({"identifier": telemetry.identifier, "columns": columns, "rows": list(rows)})
            )
            return
        writer = csv.writer(self.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _list_rows(telemetry: Telemetry, **dates: Any) -> Iterator[list[str]]:
    for point in list_points(telemetry=telemetry, **dates):
        yield [point.date.isoformat(), *point.dimensions, plain(point.value)]
