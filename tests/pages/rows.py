"""Accounts, telemetries, data and runs for the tests of pages, made through the product's own services."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from django.test import Client

from accounts.models import Account, User
from accounts.services import add_member, create_account
from csvfiles.read import PointReader
from endpoints.models import S3Endpoint, new_external_id
from endpoints.objects import S3Object
from ingestion.models import RejectedRow, Run, RunFile, SourceFile
from ingestion.selectors import get_data_range
from ingestion.versions import Loaded, begin_loads, complete_loads
from telemetry.limits import get_limits
from telemetry.models import Telemetry
from telemetry.services import create_telemetry, get_mapping
from telemetry.writing import PointWriter

NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)
Days = Mapping[date, Mapping[tuple[str, ...], str]]  # date -> dimension values -> value


def make_account(name: str = "Acme", **fields: bool) -> Account:
    return create_account(name=name, **fields)


def make_member(account: Account, role: str) -> User:
    email = f"{role}@{account.slug}.example"
    return add_member(account=account, email=email, role=role, password="correct horse")[0].user


def sign_in(account: Account, role: str) -> Client:
    client = Client()
    client.force_login(make_member(account, role))
    return client


def make_endpoint(account: Account, name: str = "Main bucket", path_prefix: str = "exports") -> S3Endpoint:
    return S3Endpoint.objects.create(
        account=account,
        name=name,
        role_arn="arn:aws:iam::222222222222:role/Reader",
        external_id=new_external_id(),
        bucket="acme-metrics",
        path_prefix=path_prefix,
        region="eu-west-1",
    )


def make_telemetry(
    account: Account,
    identifier: str = "requests",
    *,
    endpoint: S3Endpoint | None = None,
    dimensions: Sequence[str] = ("team", "env"),
    **fields: object,
) -> Telemetry:
    given = {"name": f"{identifier} a day", "prefix": f"{identifier}/"} | fields
    return create_telemetry(
        account=account,
        endpoint=endpoint or account.endpoints.first() or make_endpoint(account),
        date_column="date",
        date_format="yyyy-MM-dd",
        dimensions=dimensions,
        metric_column=identifier,
        **given,
    )


def store_file(telemetry: Telemetry, key: str, days: Days, *, modified: datetime = NOON) -> SourceFile:
    """A file as a sync stores it."""
    [file] = begin_loads(source=telemetry, versions=[S3Object(key, f"etag-{key}", 1234, modified)])
    mapping = get_mapping(telemetry=telemetry)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(mapping.columns)
    for day, values in days.items():
        writer.writerows((day, *combination, value) for combination, value in values.items())
    reader = PointReader(io.BytesIO(text.getvalue().encode()), mapping=mapping, limits=get_limits())
    points = PointWriter(telemetry.pk)
    for batch in reader:
        points.add(file, batch)
    loaded = Loaded(file, reader, points.finish(file))
    points.flush()
    complete_loads(loads=[loaded], now=modified)
    file.refresh_from_db()
    first, last = get_data_range(source=telemetry)
    Telemetry.objects.filter(pk=telemetry.pk).update(
        data_from=first, data_through=last, last_sync_at=modified, last_sync_state="succeeded"
    )
    telemetry.refresh_from_db()
    return file


def make_run(telemetry: Telemetry, state: str = "succeeded_with_rejects", **fields: object) -> Run:
    ended = state not in Run.ACTIVE_STATES
    given = {"trigger": "manual", "created_at": NOON, "started_at": NOON} | fields
    return Run.objects.create(source=telemetry, state=state, finished_at=NOON if ended else None, **given)


def make_run_file(
    run: Run, key: str, state: str = "read", *, rows_read: int = 0, **fields: object
) -> RunFile:
    version = S3Object(key, f"etag-{key}", 1234, NOON)
    if rows_read:
        fields["source_file"] = SourceFile.objects.create(
            source=run.source, version=version, state="superseded", rows_read=rows_read
        )
    return RunFile.objects.create(run=run, version=version, state=state, **fields)


def reject_rows(file: RunFile, count: int, *, reason: str, cells: dict[str, str]) -> None:
    RejectedRow.objects.bulk_create(
        RejectedRow(run_file=file, row_number=number + 2, reason=reason, cells=cells)
        for number in range(count)
    )
    file.reject_reasons = {**file.reject_reasons, reason: count}
    if file.source_file is None:
        file.source_file = SourceFile.objects.create(
            source=file.run.source, version=file.version, state="superseded"
        )
    version = file.source_file
    version.rows_rejected = version.rows_read = version.rows_read + count
    version.save()
    file.save()
