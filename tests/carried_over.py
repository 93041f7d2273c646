"""What a database says of itself, as texts that do not depend on its tables: {file name: text}.

The version before wrote these texts beside its dumps (tests/data/version_before); this version writes them of
the same database after `migrate`. This is the one place of that test that names models: where they are
renamed, it is adapted here, and the texts stay as they are.

A process of its own, on DATABASE_URL: `python -m tests.carried_over describe` prints them as JSON, with a
folder's name it writes them there, and `go_on` works with what was carried over.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import uuid4

import django

# Where SQL is to find them.
IDENTIFIERS = "ingestion_source"
EXTERNAL_IDS = "endpoints_s3endpoint"


def describe() -> dict[str, str]:
    """All of it. Django is set up."""
    texts = {f"exports/{name}.csv": text for name, text in _export_all()}
    texts |= {f"lists/{slug}.json": text for slug, text in _list_all()}
    parts: tuple[Callable[[], list], ...] = (
        describe_people,
        describe_administration,
        describe_endpoints,
        describe_telemetries,
        describe_files,
        describe_runs,
        describe_drafts,
        describe_audit_log,
    )
    return texts | {f"{part.__name__.removeprefix('describe_')}.json": _as_json(part()) for part in parts}


# --- what the commands say ---
def _export_all() -> Iterable[tuple[str, str]]:
    from telemetry.models import Telemetry

    for telemetry in Telemetry.objects.select_related("account"):
        slug, identifier = telemetry.account.slug, telemetry.identifier
        yield f"{slug}-{identifier}", _call("export_telemetry", identifier, "--account", slug)


def _list_all() -> Iterable[tuple[str, str]]:
    from accounts.models import Account

    for account in Account.objects.all():
        listed = json.loads(_call("list_telemetries", "--account", account.slug, "--json"))
        yield account.slug, _as_json(listed)


def _call(*arguments: str) -> str:
    from django.core.management import call_command

    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


# --- what no command says ---
def describe_people() -> list[dict[str, Any]]:
    """Who belongs to which account, and what they may do there by the pages' own question."""
    from accounts.models import Membership
    from accounts.roles import MANAGE_ENDPOINTS, MANAGE_TELEMETRY, VIEW_TELEMETRY

    asked = {
        "sees telemetries": VIEW_TELEMETRY,
        "manages telemetries": MANAGE_TELEMETRY,
        "manages endpoints": MANAGE_ENDPOINTS,
        "sees files": "ingestion.view_sourcefile",
        "sees runs": "ingestion.view_run",
    }
    people = [
        {
            "id": str(member.public_id),
            "account": member.account.slug,
            "email": member.user.email,
            "role": member.role,
            "may": [what for what, name in asked.items() if member.user.has_perm(name, member.account)],
            "may_in_administration": [what for what, name in asked.items() if member.user.has_perm(name)],
        }
        for member in Membership.objects.select_related("account", "user")
    ]
    return _in_order(people, "account", "email")


def describe_administration() -> list[list[str]]:
    """Django admin's own log, which knows objects by their content types."""
    from django.contrib.admin.models import LogEntry

    entries = LogEntry.objects.order_by("pk").select_related("user", "content_type")
    return [
        [entry.user.email, _name(entry.get_edited_object()), entry.object_repr, entry.change_message]
        for entry in entries
    ]


def _name(thing: Any) -> str:
    return thing.key if hasattr(thing, "key") else str(thing.public_id)


def describe_endpoints() -> list[dict[str, Any]]:
    from endpoints.models import S3Endpoint

    names = ("name", "description", "role_arn", "external_id", "bucket", "path_prefix", "region")
    more = ("test_state", "test_checks", "tested_at", "created_at")
    endpoints = [
        {
            "id": str(endpoint.public_id),
            "account": endpoint.account.slug,
            "created_by": _person(endpoint.created_by),
            **_fields(endpoint, *names, *more),
        }
        for endpoint in S3Endpoint.objects.select_related("account", "created_by")
    ]
    return _in_order(endpoints, "account", "name")


def describe_telemetries() -> list[dict[str, Any]]:
    """Everything of a telemetry itself, with its daily totals; what its files hold stands with them."""
    from telemetry.models import DailyTotal, Telemetry

    names = ("prefix", "name", "description", "identifier", "status", "date_column", "date_format", "overlap")
    more = ("max_rejected_percent", "last_sync_at", "last_sync_state", "data_from", "data_through")
    telemetries = [
        {
            "id": str(telemetry.public_id),
            "account": telemetry.account.slug,
            "endpoint": telemetry.endpoint.name,
            "created_by": _person(telemetry.created_by),
            "created_at": telemetry.created_at,
            **_fields(telemetry, *names, *more),
            "dimensions": sorted(telemetry.dimensions.values_list("position", "column")),
            "series": sorted(series.dimensions for series in telemetry.series.all()),
            "totals": sorted(
                [total.dimension, total.date.isoformat(), total.dimension_value, _plain(total.value)]
                for total in DailyTotal.objects.filter(telemetry=telemetry)
            ),
        }
        for telemetry in Telemetry.objects.select_related("account", "endpoint", "created_by")
    ]
    return _in_order(telemetries, "account", "identifier")


def describe_files() -> list[dict[str, Any]]:
    """Every version of every file that is known, with its days and its points, as the view unnests them."""
    from ingestion.models import SourceFile
    from telemetry.models import DataPoint

    names = ("key", "etag", "size", "last_modified", "state", "message", "rows_read", "rows_rejected")
    more = ("rejected_undated", "points", "imported_at")
    files = [
        {
            "telemetry": _telemetry(file.source),
            **_fields(file, *names, *more, is_carried_over="is_reprojected"),
            "days": sorted([day.date.isoformat(), day.rows, _plain(day.value)] for day in file.days.all()),
            "rejected_days": sorted([day.date.isoformat(), day.rows] for day in file.rejected_days.all()),
            "holds": sorted(
                [point.date.isoformat(), point.series.dimensions, _plain(point.value)]
                for point in DataPoint.objects.filter(source_file=file).select_related("series")
            ),
        }
        for file in SourceFile.objects.select_related("source__account")
        if not _is_of_preview(file)
    ]
    return _in_order(files, "telemetry", "key", "state", "etag", "last_modified", "imported_at")


def _is_of_preview(file: Any) -> bool:
    """The version before deleted what only a preview read, and kept the counts with its run."""
    reads = file.run_files.select_related("run")
    return file.state == "superseded" and any(read.run.is_staged for read in reads) and not file.imported_at


def describe_runs() -> list[dict[str, Any]]:
    """Every run with its files, and theirs with the rejected rows."""
    from ingestion.models import Run

    return _in_order([_describe_run(run) for run in Run.objects.all()], "id")


def _describe_run(run: Any) -> dict[str, Any]:
    names = ("trigger", "scheduled_day", "scope", "scope_from", "scope_keys", "state", "found_nothing")
    times = ("created_at", "started_at", "finished_at", "planned_at", "queued_at", "lease_until", "attempts")
    counts = ("files_planned", "files_read", "files_unchanged", "files_ignored", "files_failed")
    more = ("rows_read", "rows_rejected", "points_written", "message", "failure")
    change = run.mapping_change if run.is_changeover else None
    return {
        "id": str(run.public_id),
        "telemetry": _telemetry(run.source),
        "requested_by": _person(run.requested_by),
        "is_preview": run.is_preview,
        "preview_applied": str(run.preview.public_id) if run.preview else None,
        "changes": run.changes,
        "new": [change.dimensions, change.overlap, change.keeps_unreadable] if change else [None, "", False],
        "lease_owner": str(run.lease_owner),
        **_fields(run, *names, *times, *counts, *more, warnings="warning_texts"),
        "helpers": sorted([str(helper.owner), helper.until.isoformat()] for helper in run.helpers.all()),
        "files": _in_order([_describe_run_file(file) for file in run.files.all()], "key"),
    }


def _describe_run_file(file: Any) -> dict[str, Any]:
    names = ("key", "etag", "size", "last_modified", "state", "message", "rows_read", "rows_rejected")
    more = ("rows_repeated", "reject_reasons", "extra_columns", "taken_until")
    version = None if file.source_file and _is_of_preview(file.source_file) else file.source_file
    return {
        **_fields(file, *names, *more),
        "points_written": file.source_file.points if file.source_file else 0,
        "taken_by": str(file.taken_by),
        "version": [version.key, version.etag, version.state] if version else None,
        "rejected": sorted([row.row_number, row.reason, row.cells] for row in file.rejected_rows.all()),
    }


def describe_drafts() -> list[dict[str, Any]]:
    from telemetry.models import TelemetryDraft

    drafts = [
        {
            "id": str(draft.public_id),
            "account": draft.account.slug,
            "user": _person(draft.user),
            "became": _telemetry(draft.telemetry),
            **_fields(draft, "answers", "sampled", "version", "created_at", "updated_at"),
        }
        for draft in TelemetryDraft.objects.select_related("account", "user", "telemetry__account")
    ]
    return _in_order(drafts, "id")


def describe_audit_log() -> list[dict[str, Any]]:
    from audit.models import Entry

    names = ("at", "actor", "action", "object_type", "object_id", "object_name", "via", "before", "after")
    return [_fields(entry, *names) for entry in Entry.objects.order_by("pk")]


# --- small things ---
def _fields(thing: Any, *names: str, **renamed: str) -> dict[str, Any]:
    """Attributes as they are called in the texts; `renamed`: what is elsewhere now (prefix="x.y")."""
    ways = dict(zip(names, names, strict=True)) | renamed
    return {name: attrgetter(way)(thing) for name, way in ways.items()}


def _telemetry(telemetry: Any) -> str | None:
    return f"{telemetry.account.slug}/{telemetry.identifier}" if telemetry else None


def _person(user: Any) -> str | None:
    return user.email if user else None


def _plain(value: Any) -> str:
    from core.decimals import plain

    return plain(value)


def _in_order(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    """By these, in Python: each database sorts text in its own way."""
    return sorted(rows, key=lambda row: [str(row[name]) for name in names])


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, default=_as_text) + "\n"


def _as_text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


# --- what this version does with it ---
def go_on() -> dict[str, Any]:
    """Sync a telemetry, add rows of every kind, delete an account: the run, and what it exports then."""
    from accounts.models import Account
    from telemetry.models import Telemetry
    from tests.pages.rows import make_telemetry

    acme = Account.objects.get(slug="acme")
    synced = json.loads(_call("sync_telemetry", "signups", "--account", "acme", "--json"))
    exported = _call("export_telemetry", "signups", "--account", "acme")
    _add_rows(Telemetry.objects.get(account=acme, identifier="sessions"))
    _add_rows(make_telemetry(acme, "added", dimensions=["app"]))
    _call("remove_account", "globex", "--yes")
    return {**synced["runs"][0], "exported": exported}


def _add_rows(telemetry: Any) -> None:
    """A file with data, a run with a file and rejected rows, a helper, a draft."""
    from accounts.models import User
    from ingestion.models import RunHelper
    from telemetry.wizard.services import start_draft
    from tests.pages.rows import NOON, make_run, make_run_file, reject_rows, store_file

    store_file(telemetry, "added.csv", {NOON.date(): {("ios",): "1", ("web",): "2"}})
    run = make_run(telemetry, trigger="command")
    reject_rows(make_run_file(run, "added.csv"), 2, reason="the metric is empty", cells={"app": "x"})
    RunHelper.objects.create(run=run, owner=uuid4(), until=NOON)
    start_draft(account=telemetry.account, user=User.objects.earliest("pk"), now=NOON)


def main(what: str) -> None:
    """Print what it says, or what came of going on; or write the texts into a folder."""
    django.setup()
    if what in ("describe", "go_on"):
        json.dump({"describe": describe, "go_on": go_on}[what](), sys.stdout)
        return
    for name, text in describe().items():
        path = Path(what) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    main(sys.argv[1])
