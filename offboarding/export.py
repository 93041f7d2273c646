"""Exports an account as a folder of files, before everything is deleted.

`account.json` is written last: where it exists, the export is complete. Points are verbatim, as
`export_telemetry` writes them, not neutralised for spreadsheets.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.core.exceptions import ValidationError

from accounts.models import Account, Membership
from audit.snapshots import take_snapshot
from core.decimals import plain
from core.downloads import NOT_IN_A_NAME
from core.snapshot import snapshot
from endpoints.models import S3Endpoint
from telemetry.models import Telemetry
from telemetry.selectors import list_dimensions, list_points

LAST, UNFINISHED = "account.json", "UNFINISHED"
_NAME_LENGTH = 60


def export_account(*, account: Account, folder: Path, report: Callable[[str], None]) -> None:
    """Write every telemetry's points and settings, the endpoints and the members.

    Raises ValidationError keyed by `export` for a folder that holds something else, and OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()) and not (folder / UNFINISHED).exists():
        raise ValidationError(
            {"export": f"{folder} is not empty. Name a new folder, or remove what is in it."}
        )
    (folder / UNFINISHED).touch()
    telemetries = []
    for number, telemetry in enumerate(Telemetry.objects.for_account(account).order_by("pk"), 1):
        report(f"Exporting {telemetry.identifier}")
        telemetries.append(_export_telemetry(telemetry, folder, number))
    with _writing(folder / LAST) as file:
        json.dump(
            _describe_account(account) | {"telemetries": telemetries}, file, ensure_ascii=False, indent=1
        )
    (folder / UNFINISHED).unlink()


def is_exported(*, account: Account, folder: Path) -> bool:
    """Whether the folder holds a whole export of the account."""
    try:
        exported: str = json.loads((folder / LAST).read_text(encoding="utf-8"))["slug"]
        return exported == account.slug
    except (OSError, ValueError, KeyError):
        return False


@contextmanager
def _writing(path: Path) -> Iterator[TextIO]:
    """The file, there once it is whole."""
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        yield file
    part.replace(path)


def _export_telemetry(telemetry: Telemetry, folder: Path, number: int) -> dict[str, Any]:
    name = f"{number:04}-{NOT_IN_A_NAME.sub('_', telemetry.identifier)[:_NAME_LENGTH]}.csv"
    with snapshot(), _writing(folder / name) as file:
        dimensions = list_dimensions(telemetry=telemetry)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([telemetry.date_column, *dimensions, telemetry.metric_column])
        for point in list_points(telemetry=telemetry):
            writer.writerow([point.date.isoformat(), *point.dimensions, plain(point.value)])
    return {"file": name, "settings": take_snapshot(telemetry) | {"dimensions": dimensions}}


def _describe_account(account: Account) -> dict[str, Any]:
    members = Membership.objects.for_account(account).select_related("user").order_by("user__email")
    endpoints = S3Endpoint.objects.for_account(account).order_by("name")
    return {
        **take_snapshot(account),
        "members": [{"email": one.user.email, "name": one.name, "role": one.role} for one in members],
        "endpoints": [take_snapshot(endpoint) for endpoint in endpoints],
    }
