"""Creating and changing telemetries. What their files hold is written by `telemetry.writing`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.models import Account, User
from audit.services import record
from audit.snapshots import Values
from core.locks import lock_rows, retry_deadlocks
from csvfiles.errors import FileError
from csvfiles.header import check_columns
from csvfiles.mapping import Mapping
from endpoints.models import S3Endpoint
from endpoints.prefixes import split_address
from ingestion.models import FileDay, RejectedDay, Source, SourceFile
from ingestion.models.sources import IDENTIFIER_TAKEN
from telemetry.locks import lock_telemetry
from telemetry.models import KIND, DailyTotal, Dimension, PointBlock, Series, Telemetry
from telemetry.selectors import dimensions_are_free, list_dimensions, take_snapshot_of

MAX_DIMENSIONS = 10
TAKEN = "A telemetry with this identifier exists already. Choose another metric column."


def create_telemetry(
    *,
    account: Account,
    endpoint: S3Endpoint,
    prefix: str,
    name: str,
    date_column: str,
    date_format: str,
    dimensions: Sequence[str],
    metric_column: str,
    overlap: str = Telemetry.Overlap.NEWEST,
    max_rejected_percent: Decimal | None = None,
    description: str = "",
    created_by: User | None = None,
) -> Telemetry:
    """A new telemetry, active at once; its data come with the next sync.

    Raises ValidationError keyed by these arguments' names.
    """
    check_choice_of_columns(date_column, dimensions, metric_column)
    if endpoint.account_id != account.pk:
        raise ValidationError({"endpoint": "There is no such endpoint in this account."})
    if split_address(prefix.strip()):
        raise ValidationError({"prefix": "Enter the prefix without the bucket, for example usage/daily/"})
    telemetry = Telemetry(
        account=account,
        endpoint=endpoint,
        kind=KIND,
        prefix=prefix.strip(),
        name=name.strip(),
        description=description.strip(),
        identifier=metric_column,
        date_column=date_column,
        date_format=date_format,
        overlap=overlap,
        max_rejected_percent=max_rejected_percent,
        created_by=created_by,
    )
    with transaction.atomic():
        _save_new(telemetry)
        _create_dimensions(telemetry, dimensions)
        record("telemetry.created", account=account, target=telemetry, after=take_snapshot_of(telemetry))
    return telemetry


@retry_deadlocks
@transaction.atomic
def update_telemetry(
    *,
    telemetry: Telemetry,
    name: str,
    description: str,
    max_rejected_percent: Decimal | None,
    dimensions: Sequence[str] | None = None,
) -> None:
    """Change what may change without reading a file again; None leaves the dimensions as they are.

    Raises ValidationError: dimensions are free until the first sync (selectors.dimensions_are_free).
    """
    before = take_snapshot_of(lock_telemetry(telemetry.pk))
    telemetry.name, telemetry.description = name.strip(), description.strip()
    telemetry.max_rejected_percent = max_rejected_percent
    fields = ["name", "description", "max_rejected_percent"]
    telemetry.clean_fields(exclude=_fields_except(*fields))
    telemetry.save(update_fields=fields)
    if dimensions is not None and list(dimensions) != list_dimensions(telemetry=telemetry):
        _replace_dimensions(telemetry, dimensions)
    _record_change(telemetry, before)


@retry_deadlocks
def delete_telemetry(*, telemetry: Telemetry, identifier: str) -> None:
    """Remove the telemetry and its data, and free its identifier. Raises ValidationError."""
    if identifier != telemetry.identifier:
        raise ValidationError(
            {"identifier": f"Type {telemetry.identifier} to delete this telemetry and its data."}
        )
    with transaction.atomic():
        _keep_writers_out(telemetry)
        before = take_snapshot_of(telemetry)
        record("telemetry.deleted", account=telemetry.account, target=telemetry, before=before)
        files = SourceFile.objects.filter(source=telemetry)
        # Millions of rows: straight to the database; Django would load each to follow its relations.
        for rows in (
            PointBlock.objects.filter(source_file__in=files),
            FileDay.objects.filter(source_file__in=files),
            RejectedDay.objects.filter(source_file__in=files),
            DailyTotal.objects.filter(telemetry=telemetry),
            Series.objects.filter(telemetry=telemetry),
        ):
            rows._raw_delete(using=connection.alias)
        telemetry.delete()


def _keep_writers_out(telemetry: Telemetry) -> None:
    """A sync that goes on adds nothing from here on; it finds all of it gone, and stops.

    What it adds refers to one of these rows.
    """
    active = telemetry.runs.filter(finished_at=None)
    for run in active.order_by("pk").select_for_update():
        lock_rows(run.files.filter(state="pending"))
    Source.objects.select_for_update().get(pk=telemetry.pk)
    reading = SourceFile.objects.filter(source=telemetry, state=SourceFile.State.READING)
    list(reading.order_by("pk").select_for_update().values_list("pk"))


def get_mapping(*, telemetry: Telemetry, dimensions: Sequence[str] | None = None) -> Mapping:
    """How the reader is to understand this telemetry's files, with its own or with other dimensions."""
    if dimensions is None:
        dimensions = list_dimensions(telemetry=telemetry)
    return Mapping(
        date_column=telemetry.date_column,
        date_format=telemetry.date_format,
        dimensions=tuple(dimensions),
        metric_column=telemetry.metric_column,
    )


def check_dimensions(*, telemetry: Telemetry, dimensions: Sequence[str]) -> None:
    """Whether these columns can be the telemetry's dimensions. Raises ValidationError."""
    try:
        check_choice_of_columns(telemetry.date_column, dimensions, telemetry.metric_column)
    except ValidationError as error:
        raise ValidationError({"dimensions": error.messages}) from None


def write_dimensions(*, telemetry: Telemetry, dimensions: Sequence[str]) -> None:
    """Put these in the place of the telemetry's dimensions. What its points say is the caller's matter."""
    telemetry.dimensions.all().delete()
    _create_dimensions(telemetry, dimensions)


def _replace_dimensions(telemetry: Telemetry, dimensions: Sequence[str]) -> None:
    check_dimensions(telemetry=telemetry, dimensions=dimensions)
    Source.objects.select_for_update().get(pk=telemetry.pk)  # no run begins until this is through
    if not dimensions_are_free(telemetry=telemetry):
        raise ValidationError({"dimensions": "The first sync has begun: the dimensions are fixed now."})
    write_dimensions(telemetry=telemetry, dimensions=dimensions)


def _create_dimensions(telemetry: Telemetry, dimensions: Sequence[str]) -> None:
    Dimension.objects.bulk_create(
        Dimension(telemetry=telemetry, position=position, column=column)
        for position, column in enumerate(dimensions, 1)
    )


def _save_new(telemetry: Telemetry) -> None:
    telemetry.clean_fields(exclude=["identifier", "kind", "source"])
    _rename_errors(telemetry.validate_constraints)
    try:
        with transaction.atomic():
            telemetry.save(force_insert=True)
    except IntegrityError:  # another one was created in the meantime
        _rename_errors(telemetry.validate_constraints)
        raise


def _rename_errors(check: Any) -> None:
    """A constraint's error belongs to the argument that people know: the identifier is the metric column."""
    try:
        check()
    except ValidationError as error:
        if any(one.code == IDENTIFIER_TAKEN for all_of in error.error_dict.values() for one in all_of):
            raise ValidationError({"metric_column": TAKEN}) from None
        raise ValidationError("; ".join(error.messages)) from None


def check_choice_of_columns(date_column: str, dimensions: Sequence[str], metric_column: str) -> None:
    """Whether columns of these names can be chosen together, in whatever file. Raises ValidationError."""
    if len(dimensions) > MAX_DIMENSIONS:
        raise ValidationError(
            {"dimensions": f"Select at most {MAX_DIMENSIONS} dimensions; these are {len(dimensions)}."}
        )
    for field, columns in (
        ("date_column", [date_column]),
        ("metric_column", [metric_column]),
        ("dimensions", list(dimensions)),
    ):
        try:
            if columns:
                check_columns(tuple(columns))
        except FileError as error:
            raise ValidationError({field: str(error)}) from None
        if any(len(column) > 200 for column in columns):
            raise ValidationError({field: "A column name may have at most 200 characters."})
    used = Counter([date_column, metric_column, *dimensions])
    twice = [column for column, count in used.items() if count > 1]
    if twice:
        field = "metric_column" if metric_column in twice else "dimensions"
        raise ValidationError({field: f"{twice[0]} is selected twice. Each column has one use."})


def _fields_except(*names: str) -> list[str]:
    return [field.name for field in Telemetry._meta.fields if field.name not in names]


def _record_change(telemetry: Telemetry, before: Values) -> None:
    after = take_snapshot_of(telemetry)
    if after != before:
        record("telemetry.changed", account=telemetry.account, target=telemetry, before=before, after=after)
