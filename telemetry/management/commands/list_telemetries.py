from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from accounts.management.arguments import add_account_argument, find_account
from commandline.command import Command as BaseCommand
from core.decimals import plain
from ingestion.newest import annotate_newest_date
from telemetry.models import Telemetry
from telemetry.selectors import list_telemetries


class Command(BaseCommand):
    help = "List an account's telemetries."

    def add_arguments(self, parser: CommandParser) -> None:
        add_account_argument(parser)

    def run(self, *, account: str) -> dict[str, Any]:
        telemetries = list_telemetries(account=find_account(account)).order_by("identifier")
        telemetries = annotate_newest_date(telemetries, today=timezone.now().date())
        return {"telemetries": [_to_json(telemetry) for telemetry in telemetries]}

    def describe(self, result: dict[str, Any]) -> str:
        rows = [
            f"{item['identifier']}  {item['status']}  data through {item['data_through'] or 'no data yet'}  "
            f"{item['name']}"
            for item in result["telemetries"]
        ]
        return "\n".join(rows) or "The account has no telemetries yet."


def _to_json(telemetry: Telemetry) -> dict[str, Any]:
    return {
        "identifier": telemetry.identifier,
        "name": telemetry.name,
        "status": telemetry.status,
        "endpoint": telemetry.endpoint.name,
        "prefix": telemetry.prefix,
        "date_column": telemetry.date_column,
        "date_format": telemetry.date_format,
        "dimensions": [dimension.column for dimension in telemetry.dimensions.all()],
        "overlap": telemetry.overlap,
        "max_rejected_share": telemetry.max_rejected_percent and plain(telemetry.max_rejected_percent),
        "data_from": telemetry.data_from and telemetry.data_from.isoformat(),
        "data_through": telemetry.newest_date and telemetry.newest_date.isoformat(),
        "latest_date": telemetry.data_through and telemetry.data_through.isoformat(),
        "last_sync_at": telemetry.last_sync_at and telemetry.last_sync_at.isoformat(),
        "last_sync_state": telemetry.last_sync_state or None,
    }
