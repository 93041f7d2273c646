from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from commandline.command import Command as BaseCommand
from commandline.retention import count_old, list_kept, prune


class Command(BaseCommand):
    help = "Remove expired data: ended sessions, counters, old drafts. The scheduler does it daily."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")

    def run(self, *, dry_run: bool) -> dict[str, Any]:
        now = timezone.now()
        return {"removed": count_old(now=now) if dry_run else prune(now=now), "dry_run": dry_run}

    def describe(self, result: dict[str, Any]) -> str:
        verb = "would be removed" if result["dry_run"] else "removed"
        after = {kept.name: kept.after for kept in list_kept()}
        return "\n".join(
            f"{name} ({after[name]}): {count} {verb}" for name, count in result["removed"].items()
        )
